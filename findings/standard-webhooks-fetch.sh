#!/usr/bin/env bash
# Verifying a Standard Webhooks message in a fetch handler, with two npm libraries (standardwebhooks 1.1.1, svix 2.5.0).
#   a `Headers` object       both say "Missing required headers": they read members, and a `Headers` has none. A plain object works.
#   what `verify` gives back standardwebhooks the parsed body; svix nothing, so `const event = webhook.verify(...)` is undefined there
#   a body that is no JSON   rightly signed: standardwebhooks throws a SyntaxError, which is no sign of a wrong signature; svix is content
#   a body as Uint8Array     both refuse it, although a Buffer is taken: `await request.bytes()` is the first, not the second
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts standardwebhooks@1.1.1 svix@2.5.0

cat > run.js <<'JS'
import { Webhook as Standard } from 'standardwebhooks';
import { Webhook as Svix } from 'svix';

const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
const result = (verify) => {
  try {
    return JSON.stringify(verify()) ?? 'undefined';
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
};
for (const [name, Webhook] of [['standardwebhooks', Standard], ['svix', Svix]]) {
  const webhook = new Webhook(secret);
  const at = new Date();
  const headersFor = (body) => ({
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': webhook.sign('msg_1', at, body),
  });
  const body = '{"ready":true}';
  console.log(name);
  console.log('  plain object:', result(() => webhook.verify(body, headersFor(body))));
  console.log('  Headers:     ', result(() => webhook.verify(body, new Headers(headersFor(body)))));
  console.log('  Buffer:      ', result(() => webhook.verify(Buffer.from(body), headersFor(body))));
  console.log('  Uint8Array:  ', result(() => webhook.verify(new TextEncoder().encode(body), headersFor(body))));
  console.log('  no JSON:     ', result(() => webhook.verify('ready', headersFor('ready'))).split(',')[0]);
}
JS
node run.js | sed -E 's/(SyntaxError).*/\1/' | tee seen
diff seen - <<'SEEN'
standardwebhooks
  plain object: {"ready":true}
  Headers:      WebhookVerificationError: Missing required headers
  Buffer:       {"ready":true}
  Uint8Array:   Error: Expected payload to be of type string or Buffer.
  no JSON:      SyntaxError
svix
  plain object: undefined
  Headers:      WebhookVerificationError: Missing required headers
  Buffer:       undefined
  Uint8Array:   Error: Expected payload to be of type string or Buffer.
  no JSON:      undefined
SEEN
echo 'as described'
