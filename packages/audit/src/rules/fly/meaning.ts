import { at, type ConfigNode, items, type Member, member } from '../../readers/config-node.ts';
import type { FlyConfig } from '../../readers/fly-config.ts';
import { pages, type Rule, type Sighting } from '../../rule.ts';

/** What flyctl makes of a value that is not written as it should be. It says nothing of it, or only under --strict. */

const notText: Rule = {
  id: 'HA104',
  severity: 'medium',
  title: 'A value of [env] becomes another text than was meant',
  reason:
    'flyctl prints lists, tables, dates and large numbers in the manner of Go: a list arrives as `[a b]`, twelve million in JSON as `1.2e+07`.',
  fix: 'Write the value as text, in quotes, as the program should get it.',
  source: pages.config,
  *check(project) {
    for (const { file, env } of project.flyConfigs)
      for (const { name, value } of env) {
        const shown = becomes(value, file.name);
        if (shown !== undefined)
          yield {
            place: file.place(value.start, value.end),
            detail: `${name} becomes ${shown}`,
            fix: `Write ${name} as text, in quotes.`,
            key: name,
          };
      }
  },
};

/** Above it a number of JSON, or one with a point, is printed with an exponent. */
const EXPONENT_FROM = 10_000_000;

/** What the program gets, in words that repeat no value; undefined where it is what stands there. */
function becomes(node: ConfigNode, fileName: string): string | undefined {
  if (node.kind === 'list') return 'a list as Go prints it, such as [a b]';
  if (node.kind === 'table') return 'a table as Go prints it, such as map[a:1]';
  if (typeof node.value !== 'number' || Math.abs(node.value) < EXPONENT_FROM) return undefined;
  return fileName.endsWith('.json') || !Number.isInteger(node.value)
    ? 'a number with an exponent'
    : undefined;
}

/** Where a bare number is a duration, the unit that flyctl takes for it there, and how many of it are a second. */
const UNITS: readonly {
  readonly places: (config: FlyConfig) => readonly ConfigNode[];
  readonly names: readonly string[];
  readonly unit: string;
  readonly perSecond: number;
}[] = [
  {
    places: ({ root }) => items(at(root, 'deploy')),
    names: ['wait_timeout', 'release_command_timeout'],
    unit: 'nanoseconds',
    perSecond: 1e9,
  },
  {
    places: ({ services }) =>
      services.filter(({ kind }) => kind === 'http_service').flatMap(({ checks }) => checks),
    names: ['interval', 'timeout', 'grace_period'],
    unit: 'nanoseconds',
    perSecond: 1e9,
  },
  {
    places: ({ services }) =>
      services.filter(({ kind }) => kind === 'services').flatMap(({ checks }) => checks),
    names: ['interval', 'timeout', 'grace_period'],
    unit: 'milliseconds',
    perSecond: 1e3,
  },
  {
    places: ({ root }) => {
      const checks = at(root, 'checks');
      return checks?.kind === 'table' ? checks.members.map(({ value }) => value) : items(checks);
    },
    names: ['interval', 'timeout', 'grace_period'],
    unit: 'milliseconds',
    perSecond: 1e3,
  },
];
/** Nobody means a check, or a wait, of less. */
const SHORTEST_S = 0.1;

const noUnit: Rule = {
  id: 'HA134',
  severity: 'high',
  title: 'A duration has no unit',
  reason:
    'A bare number is seconds in one place, milliseconds in another and nanoseconds in a third: `wait_timeout = 300` gives up at once, and a check every 10000 nanoseconds is raised to a second.',
  fix: 'Write the unit: `"10s"`, `"5m"`.',
  source: pages.config,
  *check(project): Generator<Sighting> {
    for (const config of project.flyConfigs)
      for (const { places, names, unit, perSecond } of UNITS)
        for (const node of places(config))
          for (const name of names) {
            const found = member(node, name);
            if (found?.value.kind !== 'scalar' || typeof found.value.value !== 'number') continue;
            const seconds = found.value.value / perSecond;
            yield {
              place: config.file.place(found.start, found.value.end),
              detail: `${name} is a number, which flyctl takes for ${unit} here`,
              severity: seconds > 0 && seconds < SHORTEST_S ? 'high' : 'info',
              key: `${name} ${unit}`,
            };
          }
  },
};

/** Sections whose old forms are repaired by their names, which have to be in lower case for that. */
const REPAIRED = new Set([
  'env',
  'kill_timeout',
  'services',
  'http_service',
  'checks',
  'mounts',
  'processes',
  'vm',
  'metrics',
]);

const upperCase: Rule = {
  id: 'HA135',
  severity: 'low',
  title: 'A name is not in lower case',
  reason:
    'flyctl reads it nevertheless, and leaves out the repairs that it makes for names in lower case: numbers in [ENV] make the whole file invalid, and `Kill_Timeout = 30` is 30 nanoseconds.',
  fix: 'Write the name in lower case; `fly config validate --strict` names each.',
  source: pages.config,
  *check(project) {
    for (const { file, root } of project.flyConfigs)
      for (const one of upperNames(root))
        yield {
          place: file.place(one.start, one.end),
          detail: `${one.name} is not in lower case`,
          key: one.name,
        };
  },
};

function* upperNames(root: ConfigNode): Generator<Member> {
  if (root.kind !== 'table') return;
  for (const one of root.members) {
    if (one.name !== one.name.toLowerCase() && REPAIRED.has(one.name.toLowerCase())) yield one;
  }
}

/** What flyctl makes of a file. */
export const MEANING_RULES: readonly Rule[] = [notText, noUnit, upperCase];
