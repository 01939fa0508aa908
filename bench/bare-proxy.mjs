// The least that a proxy in Node costs: node:http in front, undici's `dispatch` behind, every byte passed on. Started by
// gateway.bench.mjs with a port and the origin behind.
import { createServer } from 'node:http';
import { createOriginPool } from '@hangar/security/outgoing';

const [port, origin] = process.argv.slice(2);
const authorization = `Bearer ${process.env.OPERATOR_TOKEN}`;
const pool = createOriginPool(origin);

const server = createServer((incoming, outgoing) => {
  pool.dispatch(
    { origin, path: incoming.url, method: 'GET', headers: { authorization } },
    {
      onRequestStart() {},
      onResponseStart(_, status, headers) {
        outgoing.writeHead(status, { 'content-type': headers['content-type'] ?? 'text/plain' });
      },
      onResponseData(_, chunk) {
        outgoing.write(chunk);
      },
      onResponseEnd() {
        outgoing.end();
      },
      onResponseError() {
        outgoing.destroy();
      },
    },
  );
});
server.listen(Number(port), '127.0.0.1', () => console.log('listening'));
