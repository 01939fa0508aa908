import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Secret } from '@hangar/security';
import { createOperatorOrganization } from '../src/passthrough/operator-organization.ts';

const folder = mkdtempSync(join(tmpdir(), 'hangar-socket-'));
const socket = join(folder, 'api');
/** What each of the two ways was asked, and with which credential. */
let asked: { way: string; url: string | undefined; authorization: string | undefined }[];
let servers: Server[];
let status: number;
let url: string;

beforeEach(async () => {
  asked = [];
  status = 200;
  servers = ['socket', 'network'].map((way) =>
    createServer((incoming, outgoing) => {
      asked.push({ way, url: incoming.url, authorization: incoming.headers.authorization });
      const app = { name: 'my-proxy', organization: { slug: `by-${way}` } };
      outgoing.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(app));
    }),
  );
  const [bySocket, byNetwork] = servers as [Server, Server];
  await new Promise<void>((resolve) => bySocket.listen(socket, resolve));
  await new Promise<void>((resolve) => byNetwork.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(byNetwork.address() as AddressInfo).port}`;
});
afterEach(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  rmSync(socket, { force: true });
});

describe("the operator's own organization", () => {
  test('is asked for through the socket of the machine, which needs no credential', async () => {
    const organization = createOperatorOrganization({ flyApiToken: undefined, machineSocket: socket }, url);
    expect(await organization.of('my-proxy')).toBe('by-socket');
    expect(asked).toEqual([{ way: 'socket', url: '/v1/apps/my-proxy', authorization: undefined }]);
    await organization.close();
  });

  test('is asked for with the token where there is one', async () => {
    const flyApiToken = Secret.of('fo1_operators-own');
    const organization = createOperatorOrganization({ flyApiToken, machineSocket: socket }, url);
    expect(await organization.of('my-proxy')).toBe('by-network');
    expect(asked).toEqual([
      { way: 'network', url: '/v1/apps/my-proxy', authorization: 'Bearer fo1_operators-own' },
    ]);
    await organization.close();
  });

  test('is unknown where there is no such app, and a failure where nobody tells', async () => {
    const organization = createOperatorOrganization({ flyApiToken: undefined, machineSocket: socket }, url);
    status = 404;
    expect(await organization.of('my-proxy')).toBeUndefined();
    for (status of [401, 403, 500])
      await expect(organization.of('my-proxy')).rejects.toMatchObject({ code: 'not_ready' });
    await organization.close();
  });
});
