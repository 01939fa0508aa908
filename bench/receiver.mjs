// Fly.io's address for webhooks, in a process of its own: answers 200 to everything and says on its output what came. Started by the benchmark of the outbox.
import { createServer } from 'node:http';

let count = 0;
const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    count += 1;
    response.writeHead(200).end();
  });
});
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
// Asked for a number of requests, it says when they are here.
process.on('message', ({ until }) => {
  const wait = setInterval(() => {
    if (count < until) return;
    clearInterval(wait);
    process.send({ count, at: Date.now() });
  }, 1);
});
process.on('disconnect', () => process.exit());
