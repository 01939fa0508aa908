import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { LOCATIONS, encodeCaveats, formatHeader, parseBundle, verify } from '@hangar/macaroon';

const root = fileURLToPath(new URL('..', import.meta.url));
const vectors = join(root, 'test/vectors/reference.json');

function interop(file: string): { code: number; last: string; output: string } {
  const arguments_ = ['--conditions=hangar-source', '--import', 'tsx', 'scripts/interop.mjs', file];
  try {
    const output = execFileSync(process.execPath, arguments_, { cwd: root, encoding: 'utf8' });
    return { code: 0, last: output.trim().split('\n').at(-1)!, output };
  } catch (error) {
    const { status, stdout } = error as { status: number; stdout: string };
    return { code: status, last: stdout.trim().split('\n').at(-1)!, output: stdout };
  }
}

describe('the interop runner', () => {
  test('passes the vectors of the reference and explains the exceptions', () => {
    const { code, last, output } = interop(vectors);
    expect([code, last]).toEqual([0, '193 passed, 0 failed']);
    expect(output.match(/^note .*/gm)).toHaveLength(18);
  });

  test('fails when one byte of the vectors is wrong', () => {
    const text = readFileSync(vectors, 'utf8');
    const file = join(tmpdir(), `vectors-${process.pid}.json`);
    writeFileSync(file, text.replace('"kgiRew=="', '"kgiRfA=="'));
    const { code, last } = interop(file);
    rmSync(file);
    expect(code).toBe(1);
    expect(last).toMatch(/^\d+ passed, [1-9]\d* failed$/);
  });
});

test('TOK-3: tokens minted and bound by the reference verify here and carry what it was asked for', () => {
  const file = readFileSync(join(root, 'test/vectors/reference-tokens.json'), 'utf8');
  const recorded = JSON.parse(file) as {
    key: string;
    tp_key: string;
    tp_location: string;
    tokens: { caveats: string; header: string }[];
  };
  const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64'));
  const trusted = new Map([[recorded.tp_location, [bytes(recorded.tp_key)]]]);
  expect(recorded.tokens.length).toBeGreaterThan(90);
  for (const { caveats, header } of recorded.tokens) {
    const bundle = parseBundle(header, LOCATIONS.permission);
    if (!bundle.ok) throw new Error(bundle.reason.tag);
    const { permission, discharges } = bundle.value;
    expect(formatHeader([...permission, ...discharges])).toBe(header);
    const verdict = verify(permission[0]!, {
      key: bytes(recorded.key),
      discharges,
      trusted,
      requireBinding: true,
    });
    if (!verdict.ok) throw new Error(verdict.reason.tag);
    // The reference leaves out what it was given twice.
    const asked = Buffer.from(caveats, 'base64').toString('hex');
    for (const caveat of verdict.value.caveats) {
      expect(asked).toContain(
        Buffer.from(encodeCaveats([caveat]))
          .toString('hex')
          .slice(2),
      );
    }
  }
});
