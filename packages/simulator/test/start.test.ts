import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/** What a module imports when it is loaded; types and what it asks for later do not count. */
function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/^(?:import|export) (?!type )(?:[^;]*? from )?'([^']+)';/gms)].map(
    ([, specifier]) => specifier ?? '',
  );
}

test('what is loaded before the first request is our own, without a library', () => {
  const seen = new Set<string>();
  const outside = new Set<string>();
  const walk = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const specifier of importsOf(file)) {
      if (specifier.startsWith('.')) walk(fileURLToPath(new URL(specifier, `file://${file}`)));
      else if (!specifier.startsWith('node:')) outside.add(specifier);
    }
  };
  walk(fileURLToPath(new URL('../src/main.ts', import.meta.url)));
  expect([...outside].toSorted()).toEqual(['@hangar/http', '@hangar/security/secret']);
});
