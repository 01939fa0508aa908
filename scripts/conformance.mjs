// The cases of `hangar conform`, as a page.

/** What a case needs beside the base address and the secret, in the words of the command line. */
const NEEDS = {
  twin: '`--twin`',
  trigger: '`--trigger`',
  'second-secret': '`--second-secret-env`',
  'webhook-secret': '`--webhook-secret-env`, or `--twin`',
  https: 'an https address',
};

/**
 * The page of every case.
 *
 * @param {readonly import('../packages/conformance/dist/index.js').Case[]} cases
 */
export function conformancePage(cases) {
  const groups = [...new Set(cases.map((one) => one.group))];
  const must = cases.filter((one) => one.level === 'must').length;
  return [
    '# Conformance',
    '',
    `The ${cases.length} cases that [\`hangar conform\`](guides/conform.md) aims at a provider of Fly.io extensions: ${must} that must hold, because the page`,
    'says so, or flyctl breaks, or it is a hole; and ' +
      `${cases.length - must} that should, because Hangar recommends it. Generated from \`packages/conformance/src/cases\`;`,
    'where an id comes from is in [requirements](requirements.md).',
    ...groups.flatMap((group) =>
      section(
        group,
        cases.filter((one) => one.group === group),
      ),
    ),
    '',
  ].join('\n');
}

function section(group, cases) {
  return [
    '',
    `## ${group[0].toUpperCase()}${group.slice(1)}`,
    '',
    '| Id | Level | Case | Rule | Needs |',
    '| --- | --- | --- | --- | --- |',
    ...cases.map(row),
  ];
}

function row({ id, level, title, rule, needs }) {
  const [page = '', place = ''] = rule.replace(/^docs\//, '').split('#');
  const needed = needs.map((need) => NEEDS[need]).join(', ');
  return `| ${id} | ${level.toUpperCase()} | ${title.replaceAll('|', '\\|')} | [${place.replaceAll('-', ' ')}](${page}#${place}) | ${needed} |`;
}
