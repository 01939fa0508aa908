/** docs/clients.md from what the last runs wrote down: of a real flyctl each scenario's results by its name, and the calls of fly-go. */
export function clientsPage({ results, calls, gateway }) {
  const rows = [...results.values()].flat();
  const counted = rows.filter((row) => row.counted !== false);
  const works = counted.filter((row) => row.works).length;
  const beside = rows.filter((row) => row.counted === false);
  return `# Real clients

What unmodified clients do against the simulated Fly.io, and [through the gateway](#through-the-gateway).

## At the simulated Fly.io

Generated from the last run of a real flyctl: \`HANGAR_FLYCTL=/path/to/flyctl HANGAR_FLYCTL_RECORD=1 npx vitest run test/clients/flyctl.processes.test.ts\`,
then \`npm run generate\`. What it sent is kept in \`test/clients/sequences\` and replayed by \`test/clients/replay.test.ts\`, which needs no flyctl.

Every method of the Machines client of \`fly-go\` 0.9.6 is called by a program of our own (\`test/clients/fly-go\`), built and run by
\`test/clients/fly-go.processes.test.ts\` where there is Go and its modules can be had; \`HANGAR_FLY_GO_RECORD=1\` writes down what it
sent, which is replayed everywhere.

The npm client \`fly-admin\` is run as it is: each of its 34 calls works (\`test/clients/fly-admin.test.ts\`); a machine that it has leased it
cannot delete, since it has no way to name the lease.

**${works} of ${counted.length} commands of flyctl work.** Words in braces stand for ids of that world. How to point a client at the simulator:
[its README](../packages/simulator/README.md).

**${calls.filter((row) => row.works).length} of ${calls.length} calls of fly-go work**, those of ${methods(calls.filter((row) => row.works))} of its ${methods(calls)} methods. Methods for secret
keys are called as flyctl does; other uses of some of them end the program that calls (fly-go 0.9.6).

### What does not work, and why

${table(
  ['Command', 'Because'],
  counted
    .filter((row) => !row.works)
    .map((row) => [code(row.line), row.because ?? 'it failed in the last run']),
)}

${table(
  ['Method of fly-go', 'Because'],
  calls
    .filter((row) => !row.works)
    .map((row) => [`\`${row.line}\``, row.because ?? 'it failed in the last run']),
)}

### What works

${worksByScenario(results)}
The Machines client of fly-go:

${calls
  .filter((row) => row.works)
  .map((row) => `- ${call(row.line)}\n`)
  .join('')}
### Run beside them

Not among the ${counted.length}: they repeat one of them, prepare for one, or show what becomes of an extension that takes its time, has plans and
regions, changes, or fails.

${beside.map((row) => `- ${code(row.line)}${row.works ? '' : `: ${row.because ?? 'does not work'}`}\n`).join('')}
${throughTheGateway(gateway)}`;
}

function throughTheGateway(results) {
  const counted = [...results.values()].flat().filter((row) => row.counted !== false);
  const failing = counted.filter((row) => !row.works);
  return `## Through the gateway

The same commands by a customer of the gateway, with a token of its workspace and no other credential, as in
[the guide](guides/flyctl-through-the-gateway.md): all three addresses of flyctl (\`FLY_FLAPS_BASE_URL\`, \`FLY_API_BASE_URL\` and
\`FLY_UIEX_BASE_URL\`) are the gateway's. With fewer of them set, flyctl sends the token to Fly.io too.

Generated from the last run of a real flyctl: \`HANGAR_FLYCTL=/path/to/flyctl HANGAR_FLYCTL_RECORD=1 npx vitest run test/clients/gateway-flyctl.processes.test.ts\`,
then \`npm run generate\`. \`test/clients/gateway-replay.test.ts\` replays what it sent.

**${counted.length - failing.length} of ${counted.length} commands of flyctl work.**

### What does not work through the gateway

${table(
  ['Command', 'Because'],
  failing.map((row) => [code(row.line), row.because ?? 'it failed in the last run']),
)}

### What works through the gateway

${worksByScenario(results)}`;
}

function worksByScenario(results) {
  return [...results]
    .filter(([, list]) => list.some((row) => row.counted !== false))
    .map(
      ([name, list]) =>
        `${TITLES[name] ?? name}:\n\n${list
          .filter((row) => row.works && row.counted !== false)
          .map((row) => `- ${code(row.line)}\n`)
          .join('')}`,
    )
    .join('\n');
}

const TITLES = {
  account: 'Login, organizations, apps',
  machines: 'Machines, volumes, addresses',
  deploy: 'Secrets, configuration, deployments, certificates',
  shop: 'Tokens and extensions',
};

/** A method, and what tells this call from its others. */
function call(line) {
  const [method, what] = line.split(': ');
  return what === undefined ? `\`${method}\`` : `\`${method}\`: ${what}`;
}

function methods(calls) {
  return new Set(calls.map((row) => row.line.split(': ')[0])).size;
}

function code(line) {
  return `\`fly ${line}\``;
}

function table(head, rows) {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}
