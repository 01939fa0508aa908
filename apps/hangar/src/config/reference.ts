import { choices, sections, type Section, type Variable, variables } from './variables.ts';

const rows: readonly Variable[] = variables;

/** `docs/configuration.md`, generated. */
export function configurationPage(): string {
  const parts = [
    '# Configuration',
    '',
    'Generated from `apps/hangar/src/config/variables.ts`; change it there.',
    '',
    'Hangar reads the environment once, at start. Every problem is reported at once, by name and never by value.',
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
  return `${parts.join('\n')}\n`;
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
