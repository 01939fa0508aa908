import type { Provider } from '@hangar/provider';
import type { Person } from './oauth-twin.ts';
import type { Answer, World } from './world.ts';

/** A browser with a jar: keeps what it is told to keep, sends it back, follows nothing by itself. */
export interface Browser {
  readonly jar: Map<string, string>;
  readonly setCookies: string[];
  /** A path of ours, or an address of ours. */
  open(address: string, to?: Provider): Promise<Answer>;
  /** The headers that a request of this browser carries. */
  headers(extra?: Record<string, string>): Record<string, string>;
  /** From a way in to the answer of the callback, with the person agreeing at Fly.io. */
  signIn(path: string, person: Person): Promise<Answer>;
}

export function openBrowser(world: World): Browser {
  const jar = new Map<string, string>();
  const setCookies: string[] = [];
  const browser: Browser = {
    jar,
    setCookies,
    headers: (extra = {}) => ({
      ...(jar.size === 0 ? {} : { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') }),
      ...extra,
    }),
    async open(address, to) {
      const url = new URL(address, 'https://logjam.example');
      const answer = await world.browse(url.pathname + url.search, browser.headers(), to);
      for (const line of answer.headers.getSetCookie()) {
        setCookies.push(line);
        const [pair = ''] = line.split(';');
        const [name = '', value = ''] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
        if (/max-age=0/i.test(line)) jar.delete(name);
        else jar.set(name, value);
      }
      return answer;
    },
    async signIn(path, person) {
      const start = await browser.open(path);
      if (start.status !== 302) return start;
      const location = new URL(start.headers.get('location') ?? '', 'https://logjam.example');
      if (location.pathname !== '/oauth/authorize') return start;
      return await browser.open(world.twin.agree(location, person).href);
    },
  };
  return browser;
}
