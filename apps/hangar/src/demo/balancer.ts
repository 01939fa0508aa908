import { connect, createServer, type Socket } from 'node:net';

/** One public port in front of several processes: each new connection goes to the next one that answers. */
export interface Balancer {
  close(): Promise<void>;
}

/** Listens on `port` and hands connections to `backends` in turn; a backend that is down is passed over. */
export async function balance(port: number, backends: readonly number[]): Promise<Balancer> {
  let turn = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    sockets.add(client);
    client.on('error', () => client.destroy());
    client.on('close', () => sockets.delete(client));
    const order = backends.map((_, offset) => backends[(turn + offset) % backends.length] ?? port);
    turn += 1;
    join(client, order);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function join(client: Socket, order: readonly number[]): void {
  const [first, ...rest] = order;
  if (first === undefined) {
    client.destroy();
    return;
  }
  const backend = connect(first, '127.0.0.1');
  let connected = false;
  backend.once('connect', () => {
    connected = true;
    client.pipe(backend);
    backend.pipe(client);
  });
  backend.on('error', () => (connected ? client.destroy() : join(client, rest)));
  client.on('close', () => backend.destroy());
}
