import { existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAdaptorServer, type Http2Bindings, type HttpBindings } from '@hono/node-server';
import type { Dashboard } from '../src/dashboard/dashboard.ts';
import { openBrowser, type Visit, type VisitOptions } from './browser.ts';
import type { Estate } from './dashboard-estate.ts';
import { type House, openHouse } from './dashboard-house.ts';
import { pageFolder } from '../src/http/page-folder.ts';

/** Pictures of the pages, for a person to look at; the folder is printed when it is not given. */
const pictures = process.env['HANGAR_TEST_PICTURES'] ?? mkdtempSync(join(tmpdir(), 'hangar-pictures-'));

/** Where a picture goes. */
export const picture = (name: string): string => join(pictures, `${name}.png`);

/** A person with a role in an estate. */
export interface Who {
  readonly estate: Estate;
  readonly role: 'admin' | 'member';
}

/** A dashboard served over HTTP, and browser windows on it. */
export interface Window {
  readonly house: House;
  readonly origin: string;
  /** Everything the server was sent, as text: targets, headers and bodies. */
  readonly heard: string[];
  /** Opens a window of a person, or of a stranger. */
  enter(who: Who | undefined, options?: Partial<VisitOptions>): Promise<Visit>;
  close(): Promise<void>;
}

/** Opens all of it. Throws when the page was not built or there is no browser. */
export async function openWindow(): Promise<Window> {
  if (!existsSync(join(pageFolder, 'index.html'))) {
    throw new Error('the dashboard was not built; run `npm run build --workspace apps/dashboard`');
  }
  mkdirSync(pictures, { recursive: true });
  const house = await openHouse();
  const browser = await openBrowser();
  const heard: string[] = [];
  let dashboard: Dashboard | undefined;
  const server = createAdaptorServer({
    fetch: async (request: Request, { incoming }: HttpBindings | Http2Bindings) => {
      heard.push(await everythingIn(request, incoming as IncomingMessage));
      const door = { rawTarget: incoming.url ?? '/', requestId: `req_${heard.length}` };
      return (await dashboard?.fetch(request, door)) ?? new Response(null, { status: 503 });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  dashboard = house.dashboard(origin);
  return {
    house,
    origin,
    heard,
    enter: async (who, options = {}) => {
      if (who === undefined) return await browser.visit({ origins: [origin], ...options });
      const cookie = house.logins.signIn({
        userId: 'NeBO2G0l0yJ6',
        email: 'gabriella@customer.example',
        memberships: [{ organizationId: who.estate.organizationId, role: who.role }],
      });
      const [name = '', value = ''] = cookie.split('=');
      return await browser.visit({ origins: [origin], cookies: { [name]: value }, ...options });
    },
    close: async () => {
      await browser.close();
      await new Promise((resolve) => server.close(resolve));
      await house.close();
    },
  };
}

async function everythingIn(request: Request, incoming: IncomingMessage): Promise<string> {
  const body = request.method === 'GET' ? '' : await request.clone().text();
  return [incoming.method, incoming.url, ...incoming.rawHeaders, body].join('\n');
}
