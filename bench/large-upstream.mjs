// A simulated Fly.io that answers one question with 10 MiB and passes everything else on to a real simulator. Started by
// gateway.bench.mjs with the first of four free ports and the first port of the simulator.
import { createServer } from 'node:http';
import { connect, createServer as createTcpServer } from 'node:net';
import { createOriginPool } from '@hangar/security/outgoing';

const [first, simulator] = process.argv.slice(2).map(Number);
const PIECE = Buffer.alloc(65_536, 'x');
const PIECES = 160;

for (const offset of [0, 2, 3])
  createTcpServer((socket) => {
    const behind = connect(simulator + offset, '127.0.0.1');
    for (const one of [socket, behind]) one.on('error', () => {});
    socket.pipe(behind).pipe(socket);
  }).listen(first + offset, '127.0.0.1');

const pool = createOriginPool(`http://127.0.0.1:${simulator + 1}`);
createServer((incoming, outgoing) => {
  if (incoming.url?.endsWith('/ps')) return pieces(outgoing);
  const { authorization = '' } = incoming.headers;
  pool.stream(
    { method: 'GET', path: incoming.url ?? '/', headers: { authorization }, opaque: outgoing },
    ({ statusCode, headers }) => {
      outgoing.writeHead(statusCode, { 'content-type': headers['content-type'] ?? 'text/plain' });
      return outgoing;
    },
    (error) => error && outgoing.destroy(),
  );
}).listen(first + 1, '127.0.0.1', () => console.log('listening'));

function pieces(outgoing) {
  outgoing.writeHead(200, { 'content-type': 'application/octet-stream' });
  let left = PIECES;
  const more = () => {
    while (left > 0) {
      left -= 1;
      if (!outgoing.write(PIECE)) return outgoing.once('drain', more);
    }
    outgoing.end();
  };
  more();
}
