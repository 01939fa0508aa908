import { claim } from '../lab/claims.ts';
import type { Exchange } from '../lab/exchange.ts';
import type { Lab } from '../lab/lab.ts';
import { targetOf } from '../lab/order.ts';
import type { Person } from '../lab/stories.ts';

/** A browser at the provider: it keeps cookies, and follows nothing by itself. */
export interface Browser {
  readonly cookies: ReadonlyMap<string, string>;
  /** Every `Set-Cookie` that came, as it was written. */
  readonly lines: readonly string[];
  /** An address of the provider's, or a path below its base address. */
  open(address: string): Promise<Exchange>;
  /** Starts at a path, agrees at Fly.io as that person, and returns the answer of the callback. */
  signIn(path: string, person: Person): Promise<Exchange>;
  /** What Fly.io sends the browser back to, once the person agreed; nothing is opened. */
  agree(authorize: URL, person: Person): Promise<string>;
  /** A callback of a started sign-in in which the person said no. */
  decline(authorize: URL): Promise<string>;
}

/** Opens a browser with an empty jar. */
export function openBrowser(lab: Lab): Browser {
  const cookies = new Map<string, string>();
  const lines: string[] = [];
  const keep = (line: string): void => {
    lines.push(line);
    const [pair = ''] = line.split(';');
    const at = pair.indexOf('=');
    const [name, value] = [pair.slice(0, at).trim(), pair.slice(at + 1)];
    if (value === '' || /max-age=0(?:;|$)/i.test(line)) cookies.delete(name);
    else cookies.set(name, value);
  };
  const post = async (authorize: URL, more: Record<string, string>): Promise<string> => {
    const form = new URLSearchParams([...authorize.searchParams, ...Object.entries(more)]);
    // The twin is in this process; whoever the provider named as Fly.io gets nothing.
    claim(authorize.origin === lab.twin().url, `the sign-in leads to ${authorize.origin}, not to the twin`);
    const answer = await fetch(new URL('/oauth/authorize', authorize), {
      method: 'POST',
      body: form,
      redirect: 'manual',
    });
    const back = answer.headers.get('location');
    claim(
      back !== null,
      `Fly.io refused the sign-in: ${answer.status} ${(await answer.text()).slice(0, 200)}`,
    );
    return back;
  };
  const browser: Browser = {
    cookies,
    lines,
    async open(address) {
      const base = new URL(lab.baseUrl);
      const url = address.startsWith('/') ? undefined : new URL(address);
      claim(url === undefined || url.origin === base.origin, `the browser is sent to ${url?.origin}`);
      const jar = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const exchange = await lab.send({
        target: url === undefined ? targetOf(address, lab) : url.pathname + url.search,
        headers: [['accept', 'text/html'], ...(jar === '' ? [] : [['cookie', jar] as const])],
      });
      if (exchange.answer.tag === 'answered')
        for (const line of exchange.answer.headers['set-cookie'] ?? []) keep(line);
      return exchange;
    },
    agree: async (authorize, { userId }) => await post(authorize, { user_id: userId }),
    decline: async (authorize) => await post(authorize, { deny: '1' }),
    async signIn(path, person) {
      const start = await browser.open(path);
      const at = locationOf(lab, start);
      if (at?.pathname !== '/oauth/authorize') return start;
      return await browser.open(await browser.agree(at, person));
    },
  };
  return browser;
}

/** Where an answer sends the browser; undefined when it sends it nowhere. */
export function locationOf(lab: Lab, exchange: Exchange): URL | undefined {
  const location = exchange.header('location');
  if (location === undefined || exchange.status < 300 || exchange.status > 399) return undefined;
  return URL.canParse(location, lab.baseUrl) ? new URL(location, lab.baseUrl) : undefined;
}
