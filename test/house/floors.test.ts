import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { checkFloors } from '../../scripts/check-floors.mjs';

const house = fileURLToPath(new URL('../..', import.meta.url));

/** A small house: packages by folder, each with its dependencies and one source file. */
function build(
  rooms: Record<string, { dependencies?: string[]; source: string; exports?: Record<string, string> }>,
): string {
  const root = mkdtempSync(join(tmpdir(), 'hangar-floors-'));
  for (const [folder, room] of Object.entries(rooms)) {
    const name = `@hangar/${folder.split('/')[1]}`;
    const dependencies = Object.fromEntries(
      (room.dependencies ?? []).map((each) => [`@hangar/${each}`, '0.1.0']),
    );
    write(
      join(root, folder, 'package.json'),
      JSON.stringify({ name, dependencies, exports: { '.': './src/index.ts', ...room.exports } }),
    );
    write(join(root, folder, 'src/index.ts'), room.source);
  }
  return root;
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

const security = { source: 'export const a = 1;', exports: { './outgoing': './src/outgoing.ts' } };

describe('the floors', () => {
  test('of this house are in order', () => {
    expect(checkFloors(house)).toEqual([]);
  });

  const wrong: [string, Parameters<typeof build>[0], RegExp][] = [
    [
      'up',
      {
        'packages/security': { source: "import '@hangar/provider';", dependencies: ['provider'] },
        'packages/provider': { source: '' },
      },
      /not on a lower floor/,
    ],
    [
      'sideways',
      {
        'packages/provider': { source: "import '@hangar/gateway';", dependencies: ['gateway'] },
        'packages/gateway': { source: '' },
      },
      /not on a lower floor/,
    ],
    [
      'through the wall',
      {
        'packages/simulator': { source: "import '@hangar/store';", dependencies: ['store'] },
        'packages/store': { source: '' },
      },
      /across the wall/,
    ],
    [
      'through the wall from the other side',
      {
        'apps/hangar': { source: "import '@hangar/simulator';", dependencies: ['simulator'] },
        'packages/simulator': { source: '' },
      },
      /across the wall/,
    ],
    [
      'to what the capabilities share, from across the wall',
      {
        'packages/simulator': { source: "import '@hangar/contract';", dependencies: ['contract'] },
        'packages/contract': { source: '' },
      },
      /across the wall/,
    ],
    [
      "into another room's cupboard",
      {
        'packages/flyio': { source: "import '@hangar/security/src/seal.ts';", dependencies: ['security'] },
        'packages/security': security,
      },
      /inside another package/,
    ],
    [
      'over a fence',
      {
        'packages/flyio': { source: "import '../../security/src/index.ts';" },
        'packages/security': security,
      },
      /leaves its package/,
    ],
    [
      'without being announced',
      { 'packages/flyio': { source: "import '@hangar/security';" }, 'packages/security': security },
      /not among its dependencies/,
    ],
    ['to the environment', { 'packages/flyio': { source: 'process.env.A;' } }, /drawer/],
    ['to the clock', { 'packages/flyio': { source: 'Date.now();' } }, /drawer/],
  ];
  test.each(wrong)('refuse an arrow that points %s', (_, rooms, offence) => {
    expect(checkFloors(build(rooms)).join('\n')).toMatch(offence);
  });

  test('allow an arrow down, to a declared entry', () => {
    const root = build({
      'packages/flyio': {
        source: "import '@hangar/security'; import '@hangar/security/outgoing';",
        dependencies: ['security'],
      },
      'packages/security': security,
    });
    expect(checkFloors(root)).toEqual([]);
  });
});
