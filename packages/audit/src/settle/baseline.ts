import { ok, refuse, type Result } from '@hangar/http';
import { z } from 'zod';
import type { Finding } from '../finding.ts';
import { printable } from '../report/printable.ts';

/** Findings that are known: told again only when they come back elsewhere, or once more. */
export interface Baseline {
  readonly version: 1;
  readonly findings: readonly {
    readonly rule: string;
    readonly path: string;
    readonly fingerprint: string;
  }[];
}

const SHAPE = z.strictObject({
  version: z.literal(1),
  findings: z
    .array(
      z.strictObject({
        rule: z.string().max(16),
        path: z.string().max(4096),
        fingerprint: z.string().regex(/^[0-9a-f]{32}$/),
      }),
    )
    .max(100_000),
});

/** What a baseline is made of: rule, path and fingerprint. A fingerprint is a digest, and no secret can be read out of it. */
export function baselineOf(findings: readonly Finding[]): Baseline {
  return {
    version: 1,
    findings: findings.map(({ rule, place, fingerprint }) => ({
      rule,
      path: printable(place.path),
      fingerprint,
    })),
  };
}

export function readBaseline(text: string): Result<Baseline, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse('not JSON');
  }
  const parsed = SHAPE.safeParse(value);
  return parsed.success ? ok(parsed.data) : refuse('not a baseline of this checker');
}

/** The findings that a baseline does not know. */
export function beyond(findings: readonly Finding[], baseline: Baseline): readonly Finding[] {
  const known = new Set(baseline.findings.map(keyOf));
  return findings.filter(
    ({ rule, place, fingerprint }) => !known.has(keyOf({ rule, path: printable(place.path), fingerprint })),
  );
}

function keyOf({ rule, path, fingerprint }: Baseline['findings'][number]): string {
  return `${rule} ${path} ${fingerprint}`;
}
