// docs/audit-rules.md, from the rules themselves.

/**
 * @param {readonly { id: string, severity: string, title: string, reason: string, fix: string, source: string }[]} rules
 * @returns {string} the page
 */
export function auditRulesPage(rules) {
  const parts = [
    '# Rules of the audit',
    '',
    'Generated from `packages/audit/src/rules`; change it there. The [guide](guides/audit.md) shows the command.',
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
