// The least that a refusal costs in Node: node:http, one text, nothing looked at. Started by gateway.bench.mjs with a port.
import { createServer } from 'node:http';

const error = 'The token in the Authorization header could not be read: expected 4 fields';
const text = JSON.stringify({
  error,
  code: 'token_malformed',
  request_id: '00000000-0000-0000-0000-000000000000',
});
const head = {
  'content-type': 'application/json; charset=utf-8',
  'cache-control': 'no-store',
  'www-authenticate': 'FlyV1 realm="hangar"',
  'content-length': String(text.length),
};

createServer((_, outgoing) => {
  outgoing.writeHead(401, head);
  outgoing.end(text);
}).listen(Number(process.argv[2]), '127.0.0.1', () => console.log('listening'));
