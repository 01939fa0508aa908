#!/usr/bin/env bash
# fly-admin 1.6.1 (npm), a client of the Machines API. What three ordinary calls send:
#   deleteMachine({ force: true })      `?kill=true`. The Machines API documents `force`; it has no parameter `kill`.
#   stopMachine({})                     a body with `signal: SIGTERM`, so the machine's own `stop_config.signal` is never used.
#   an optional member set to undefined the five letters `undefined` as the filter's or state's value: a list asked with
#                                       `region: undefined` is one of machines in a region called "undefined".
# `createClient` takes no address, so the client class is loaded from its own file.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts fly-admin@1.6.1

cat > run.cjs <<'JS'
const { createServer } = require('node:http');
const Client = require('fly-admin/dist/client').default;
const server = createServer((request, response) => {
  let body = '';
  request.on('data', (piece) => (body += piece));
  request.on('end', () => {
    console.log(`${request.method} ${request.url} ${body}`.trimEnd());
    response.setHeader('content-type', 'application/json').end('{}');
  });
});
server.listen(0, '127.0.0.1', async () => {
  const { Machine } = new Client('token', { apiUrl: `http://127.0.0.1:${server.address().port}` });
  const machine = { app_name: 'shop', machine_id: 'm1' };
  await Machine.deleteMachine({ ...machine, force: true });
  await Machine.stopMachine(machine);
  await Machine.listMachines({ app_name: 'shop', region: undefined });
  await Machine.waitMachine({ ...machine, timeout: '10s', state: undefined });
  server.close();
});
JS
node run.cjs | tee seen
diff seen - <<'SEEN'
DELETE /v1/apps/shop/machines/m1?kill=true
POST /v1/apps/shop/machines/m1/stop {"signal":"SIGTERM"}
GET /v1/apps/shop/machines?region=undefined
GET /v1/apps/shop/machines/m1/wait?timeout=10&state=undefined
SEEN
echo 'as described'
