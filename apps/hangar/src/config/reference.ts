import { DEFAULT_POLICY, POLICY_RULES, type PolicyMember, valueIn } from '@hangar/gateway/policy';
import { choices, sections, type Section, type Variable, variables } from './variables.ts';

const rows: readonly Variable[] = variables;

/** `docs/configuration.md`, generated. */
export function configurationPage(): string {
  const parts = [
    '# Configuration',
    '',
    'Generated from `apps/hangar/src/config/variables.ts` and `packages/gateway/src/policy/policy-rules.ts`; change it there.',
    '',
    'Hangar reads the environment once, at start. Every problem is reported at once, by name and never by value; only the',
    'path of a policy file is repeated.',
    'An unknown variable that starts with `HANGAR_` is an error, so that a typing mistake cannot go unnoticed.',
  ];
  for (const section of Object.keys(sections) as Section[]) {
    parts.push(
      '',
      `## ${title(section)}`,
      '',
      sections[section],
      '',
      '| Variable | Default | Meaning |',
      '| --- | --- | --- |',
    );
    for (const row of rows.filter((candidate) => candidate.section === section)) {
      parts.push(
        `| \`${row.name}\`${row.alias === undefined ? '' : ` (or \`${row.alias}\`)`} | ${fallbackCell(row)} | ${row.sentence}${choiceNote(row)} |`,
      );
    }
  }
  parts.push(...policySection());
  return `${parts.join('\n')}\n`;
}

/** What may stand in the policy file. */
function policySection(): readonly string[] {
  const members = Object.keys(POLICY_RULES) as PolicyMember[];
  return [
    '',
    '## Policy file',
    '',
    'What `HANGAR_POLICY_FILE` may hold: a JSON object with `"version": 1` and any of these, each name being a path: `machines.max_per_environment`',
    'is `{ "machines": { "max_per_environment": 2 } }`. A name that is not here is refused at start, also one that is planned and not enforced',
    'yet. [operating.md](operating.md#limits-of-an-environment) has an example. How many tokens a workspace may have, and how long their chains',
    'may be, is for the process that signs, so it stays with `HANGAR_MAX_LIVE_TOKENS` and `HANGAR_MAX_TOKEN_DEPTH`.',
    '',
    '| Name | Default | Accepted | Meaning |',
    '| --- | --- | --- | --- |',
    ...members.map((member) => {
      const { name, form, sentence } = POLICY_RULES[member];
      return `| \`${name}\` | \`${JSON.stringify(valueIn(DEFAULT_POLICY, member))}\` | ${form} | ${sentence} |`;
    }),
  ];
}

/** `.env.example`, generated. */
export function environmentExample(): string {
  const parts = ['# Generated from apps/hangar/src/config/variables.ts; change it there.'];
  for (const section of Object.keys(sections) as Section[]) {
    parts.push('', `# ${title(section)}: ${sections[section]}`);
    for (const row of rows.filter((candidate) => candidate.section === section)) {
      parts.push(`# ${row.sentence}${row.requiredInReal === true ? ' Required with HANGAR_FLY=real.' : ''}`);
      parts.push(`#${row.name}=${row.secret === true ? '' : (row.fallback ?? '')}`);
    }
  }
  return `${parts.join('\n')}\n`;
}

function title(section: Section): string {
  return section.charAt(0).toUpperCase() + section.slice(1);
}

function fallbackCell(row: Variable): string {
  const real = row.requiredInReal === true ? ' (required with `real`)' : '';
  if (row.fallback !== undefined) return `\`${row.fallback}\`${real}`;
  return row.requiredInReal === true ? 'generated in simulator mode; required with `real`' : 'unset';
}

function choiceNote(row: Variable): string {
  const list: Readonly<Record<string, readonly string[]>> = choices;
  const values = list[row.name];
  return values === undefined ? '' : ` One of ${values.map((value) => `\`${value}\``).join(', ')}.`;
}
