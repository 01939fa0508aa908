import { ok, refuse, type Result } from '@hangar/http';
import { z } from 'zod';
import type { ConfigNode } from '../readers/config-node.ts';
import { Unreadable } from '../readers/config-node.ts';
import { readToml } from '../readers/toml.ts';
import { ignoreRules, type IgnoreRules } from '../tree/ignore-rules.ts';
import type { Finding } from '../finding.ts';

/** The name of the file, at the root of what is audited. */
export const SETTINGS_FILE = 'hangar.audit.toml';

/** Silence for whole folders: `[[ignore]]` with paths, rules, a reason and, better, a last day. */
export interface IgnoredPaths {
  readonly paths: IgnoreRules;
  readonly rules: readonly string[];
  readonly until: Date | undefined;
}

const DAY_MS = 86_400_000;
const SHAPE = z.strictObject({
  ignore: z
    .array(
      z.strictObject({
        paths: z.array(z.string().min(1).max(300)).min(1).max(200),
        rules: z
          .array(z.string().regex(/^HA\d{3}$/, 'a rule is HA and three digits'))
          .min(1)
          .max(100),
        reason: z.string().trim().min(1, 'a reason is missing').max(1_000),
        until: z.iso.date().optional(),
      }),
    )
    .max(200)
    .default([]),
});

/** Reads the file; a sentence where it is not what it should be. What is silenced by mistake must not be silenced. */
export function readSettings(text: string): Result<readonly IgnoredPaths[], string> {
  let value: unknown;
  try {
    value = plain(readToml(text));
  } catch (error) {
    if (error instanceof Unreadable) return refuse(error.message);
    throw error;
  }
  const parsed = SHAPE.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return refuse(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not as it should be'}`);
  }
  return ok(
    parsed.data.ignore.map(({ paths, rules, until }) => ({
      paths: ignoreRules(paths.join('\n'), 'docker'),
      rules,
      until: until === undefined ? undefined : new Date(Date.parse(until) + DAY_MS),
    })),
  );
}

function plain(node: ConfigNode): unknown {
  switch (node.kind) {
    case 'scalar':
      return node.value;
    case 'list':
      return node.items.map(plain);
    case 'table':
      return Object.fromEntries(node.members.map(({ name, value }) => [name, plain(value)]));
  }
}

export function ignoresPath(
  { paths, rules, until }: IgnoredPaths,
  { rule, place }: Finding,
  now: Date,
): boolean {
  return rules.includes(rule) && (until === undefined || until > now) && paths.ignores(place.path);
}
