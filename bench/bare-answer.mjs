// The least that an answer of JSON costs in Node: node:http, one object written as text, nothing looked at. Started by
// simulator.bench.mjs; says where it listens as the simulator does.
import { createServer } from 'node:http';

const config = { image: 'nginx', guest: { cpus: 1, memory_mb: 256, cpu_kind: 'shared' } };
const event = { id: 'e', type: 'start', status: 'started', source: 'flyd', timestamp: 1 };
const machine = { id: '00000000000000', state: 'started', config, events: [event, event] };

const server = createServer((incoming, outgoing) => {
  const body = JSON.stringify([machine]);
  outgoing.writeHead(200, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  outgoing.end(body);
});
server.listen(0, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${server.address().port}`;
  process.stdout.write(`${JSON.stringify({ ready: true, api: url, machines: url })}\n`);
});
