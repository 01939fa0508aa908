#!/usr/bin/env bash
# oauth4webapi 3.8.8 against @node-oauth/oauth2-server 5.3.0 (npm), with a client secret that holds reserved characters.
# RFC 6749 2.3.1 form-encodes the client id and the secret before they go into an Authorization: Basic header. The client does so;
# the server takes them as they stand, so the same right credentials are refused in the header (401 invalid_client) and
# accepted in the body (200). Hexadecimal or base64url secrets, and ids without reserved characters, work both ways.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts oauth4webapi@3.8.8 @node-oauth/oauth2-server@5.3.0

cat > run.js <<'JS'
import { createServer } from 'node:http';
import OAuth2Server from '@node-oauth/oauth2-server';
import * as oauth from 'oauth4webapi';
const SECRET = 'p+q/r=';
const asked = [];
const model = {
  getClient(id, secret) {
    asked.push(secret);
    return secret === SECRET ? { id, grants: ['client_credentials'] } : false;
  },
  getUserFromClient: () => ({ id: 1 }),
  saveToken: (token, client, user) => ({ ...token, client, user }),
  validateScope: () => ['all'],
};
const grants = new OAuth2Server({ model });
const server = createServer(async (incoming, outgoing) => {
  let text = '';
  for await (const piece of incoming) text += piece;
  const body = Object.fromEntries(new URLSearchParams(text));
  const request = new OAuth2Server.Request({ method: incoming.method, headers: incoming.headers, query: {}, body });
  const response = new OAuth2Server.Response({});
  await grants.token(request, response).catch(() => undefined);
  outgoing.writeHead(response.status, { 'content-type': 'application/json' }).end(JSON.stringify(response.body));
});
server.listen(0, '127.0.0.1', async () => {
  const issuer = { issuer: 'http://127.0.0.1', token_endpoint: `http://127.0.0.1:${server.address().port}/` };
  for (const [name, way] of [['header', oauth.ClientSecretBasic(SECRET)], ['body', oauth.ClientSecretPost(SECRET)]]) {
    const answer = await oauth.clientCredentialsGrantRequest(
      issuer, { client_id: 'shop' }, way, new URLSearchParams({ scope: 'all' }), { [oauth.allowInsecureRequests]: true });
    const { error = 'no error' } = await answer.json();
    console.log(name, answer.status, error, asked.at(-1));
  }
  server.close();
});
JS
node run.js | tee seen
diff seen - <<'SEEN'
header 401 invalid_client p%2Bq%2Fr%3D
body 200 no error p+q/r=
SEEN
echo 'as described'
