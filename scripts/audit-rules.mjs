// docs/audit-rules.md, from the rules themselves.

/**
 * @typedef {{ id: string, severity: string, title: string, reason: string, fix: string, source: string }} Rule
 * @param {readonly Rule[]} offline over files
 * @param {readonly Rule[]} live over what Fly.io says
 * @returns {string} the page
 */
export function auditRulesPage(offline, live) {
  const rules = [...offline, ...live];
  const parts = [
    '# Rules of the audit',
    '',
    'Generated from `packages/audit/src/rules`; change it there. The [guide](guides/audit.md) shows the command.',
    '',
    `${offline.length} rules look at files, and ${live.length}, from HA701 on, at what runs (\`hangar audit --live\`).`,
    '',
    'A severity is the worst that a rule says; single findings may be milder. `hangar audit --explain RULE` prints a row of this page.',
    '',
    '| Rule | Severity | What it finds |',
    '| --- | --- | --- |',
    ...rules.map(
      ({ id, severity, title }) => `| [${id}](#${id.toLowerCase()}) | ${severity} | ${cell(title)} |`,
    ),
  ];
  for (const { id, severity, title, reason, fix, source } of rules) {
    const link = source.startsWith('https:')
      ? `<${source}>`
      : `[${source}](${source.replace(/^docs\//, '')})`;
    parts.push(
      '',
      `## ${id}`,
      '',
      `**${title}.** ${severity[0].toUpperCase()}${severity.slice(1)}.`,
      '',
      reason,
      '',
      `Fix: ${fix}`,
      '',
      `Source: ${link}`,
    );
  }
  return `${parts.join('\n')}\n`;
}

function cell(text) {
  return text.replaceAll('|', '\\|');
}
