/** docs/clients.md from what the last run of a real flyctl wrote down: each scenario's results by its name. */
export function clientsPage(results) {
  const rows = [...results.values()].flat();
  const counted = rows.filter((row) => row.counted !== false);
  const works = counted.filter((row) => row.works).length;
  const beside = rows.filter((row) => row.counted === false);
  return `# Real clients against the simulated Fly.io

Generated from the last run of a real flyctl: \`HANGAR_FLYCTL=/path/to/flyctl HANGAR_FLYCTL_RECORD=1 npx vitest run test/clients/flyctl.processes.test.ts\`,
then \`npm run generate\`. What it sent is kept in \`test/clients/sequences\` and replayed by \`test/clients/replay.test.ts\`, which needs no flyctl.

The npm client \`fly-admin\` is run as it is: each of its 34 calls works (\`test/clients/fly-admin.test.ts\`); a machine that it has leased it
cannot delete, since it has no way to name the lease.

**${works} of ${counted.length} commands of flyctl work.** Words in braces stand for ids of that world. How to point a client at the simulator:
[its README](../packages/simulator/README.md).

## What does not work, and why

${table(
  ['Command', 'Because'],
  counted
    .filter((row) => !row.works)
    .map((row) => [code(row.line), row.because ?? 'it failed in the last run']),
)}

## What works

${[...results]
  .map(
    ([name, list]) =>
      `${TITLES[name] ?? name}:\n\n${list
        .filter((row) => row.works && row.counted !== false)
        .map((row) => `- ${code(row.line)}\n`)
        .join('')}`,
  )
  .join('\n')}
## Run beside them

Not among the ${counted.length}, since they repeat one of them or prepare for one.

${beside.map((row) => `- ${code(row.line)}${row.works ? '' : ': does not work'}\n`).join('')}`;
}

const TITLES = {
  account: 'Login, organizations, apps',
  machines: 'Machines, volumes, addresses',
  deploy: 'Secrets, configuration, deployments, certificates',
  shop: 'Tokens and extensions',
};

function code(line) {
  return `\`fly ${line}\``;
}

function table(head, rows) {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}
