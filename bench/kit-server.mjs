// A provider that answers `POST /flyio/extensions` on node:http, its rows in the memory of the process. Started by kit.bench.mjs with
// one word: `kit` mounts the kit's fetch handler, `bare` writes the same checks and the same answer down in the request listener.
// Says on which port it listens.
import { createServer } from 'node:http';
import { randomUUID } from 'node:crypto';
import { getRequestListener } from '@hono/node-server';
import { HangarError, silentLog } from '@hangar/http';
import { createOAuthClient } from '@hangar/flyio';
import { createProvider } from '@hangar/provider';
import { createSealer, Secret } from '@hangar/security';
import { createOutgoing } from '@hangar/security/outgoing';
import { checkConfig } from '../packages/provider/dist/wire/config-rules.js';
import { guardError, openSigned } from '../packages/provider/dist/wire/guard.js';
import { fingerprintOf, readProvision } from '../packages/provider/dist/wire/provision-request.js';
import { PUBLIC_BASE_URL, SIGNING_SECRET } from './kit-request.mjs';

const MAX_BODY_BYTES = 65_536;
/** How many nonces are remembered; both candidates forget the oldest in the same way. */
const NONCES = 20_000;

const spent = new Set();
const store = {
  extensions: {
    async insertSigned({ nonce }) {
      if (spent.has(nonce.nonce)) return 'replayed';
      spent.add(nonce.nonce);
      if (spent.size > NONCES) for (const oldest of spent) if (spent.delete(oldest)) break;
      return 'inserted';
    },
  },
};
const config = { LOGJAM_URL: 'https://logs.example/7', LOGJAM_TOKEN: 'a'.repeat(43) };
const configKeys = Object.keys(config);
const sealer = createSealer([Secret.of(`k1:${Buffer.alloc(32, 7).toString('base64')}`)]);
const provisioningSecrets = [Secret.of(SIGNING_SECRET)];
const now = () => new Date();

function mounted() {
  const outgoing = createOutgoing({ allowedOrigins: [] });
  const provider = createProvider({
    publicBaseUrl: PUBLIC_BASE_URL,
    providerSlug: 'logjam',
    provisioningSecrets,
    webhookSecret: Secret.of('a secret for what is never sent'),
    webhookUrl: 'https://api.fly.io/api/hooks/extensions/logjam',
    oauth: createOAuthClient({
      clientId: 'logjam',
      clientSecret: Secret.of('a secret for what is never asked'),
      redirectUri: `${PUBLIC_BASE_URL}/callback`,
      apiUrl: 'https://api.fly.io',
      outgoing,
    }),
    store,
    sealer,
    outgoing,
    configKeys,
    seller: { prepare: () => Promise.resolve({ config, rows: undefined }) },
    landing: (id) => `/extensions/${id}`,
    cookie: { secure: true },
    now,
    log: silentLog,
  });
  return getRequestListener((request, { incoming }) =>
    provider.fetch(request, { rawTarget: incoming.url, requestId: randomUUID(), onError: tell }),
  );
}

function bare() {
  const offer = { configKeys };
  return (incoming, outgoing) => {
    const requestId = randomUUID();
    const pieces = [];
    let size = 0;
    incoming.on('data', (piece) => {
      size += piece.length;
      if (size > MAX_BODY_BYTES) incoming.destroy();
      else pieces.push(piece);
    });
    incoming.on('end', async () => {
      const opened = openSigned(
        {
          method: incoming.method,
          path: '/extensions',
          query: '',
          body: pieces.length === 1 ? pieces[0] : Buffer.concat(pieces),
          signature: incoming.headers['x-signature'] ?? null,
          url: `${PUBLIC_BASE_URL}/extensions`,
        },
        now(),
        { secrets: provisioningSecrets, acceptBase64: false },
      );
      if (!opened.ok) return tell(guardError(opened.reason));
      const { members, timestamp, nonce } = opened.value;
      const { wanted } = readProvision(members, timestamp, offer);
      const id = randomUUID();
      const record = { ...wanted, id, status: 'ready', fingerprint: fingerprintOf(wanted) };
      const given = checkConfig(config, configKeys);
      record.sealedConfig = sealer.seal(JSON.stringify(given), `extensions.sealed_config:${id}`);
      if ((await store.extensions.insertSigned({ record, nonce: { nonce } })) !== 'inserted')
        return tell(new HangarError('unauthorized'));
      const body = JSON.stringify({ id, config: given, name: record.name, status: record.status });
      outgoing.writeHead(201, {
        'content-type': 'application/json; charset=utf-8',
        'content-length': Buffer.byteLength(body),
        'x-request-id': requestId,
        'cache-control': 'no-store',
      });
      outgoing.end(body);
    });
  };
}

/** Nothing is refused while measuring. */
function tell(error) {
  console.error(error);
  process.exit(1);
}

const answer = process.argv[2] === 'kit' ? mounted() : bare();
const server = createServer((incoming, outgoing) => void answer(incoming, outgoing));
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
