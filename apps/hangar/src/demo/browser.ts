import { request as send } from 'undici';

/** What a page or an answer held. */
export interface Page {
  readonly status: number;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** More hops than a sign-in needs; fewer than a loop would make. */
const MAX_REDIRECTS = 10;

/**
 * As much of a browser as a sign-in needs: cookies per origin, redirects, forms. Scripts do not run.
 */
export class Browser {
  readonly #cookies = new Map<string, Map<string, string>>();

  /** Opens an address and follows where it leads. */
  async open(url: string): Promise<Page> {
    return await this.#go('GET', url, undefined);
  }

  /** Fills in the first form of a page and sends it; `fields` win over what the form holds. */
  async submit(page: Page, fields: Readonly<Record<string, string>>): Promise<Page> {
    const form = /<form\b[^>]*>([\s\S]*?)<\/form>/i.exec(page.text);
    if (form === null) throw new Error(`there is no form on ${page.url}`);
    const action = attribute(form[0], 'action') ?? page.url;
    const body = new URLSearchParams();
    for (const input of form[0].matchAll(/<input\b[^>]*>/gi)) {
      const name = attribute(input[0], 'name');
      if (name !== undefined && attribute(input[0], 'type') === 'hidden')
        body.set(name, attribute(input[0], 'value') ?? '');
    }
    for (const [name, value] of Object.entries(fields)) body.set(name, value);
    return await this.#go('POST', new URL(action, page.url).href, body.toString());
  }

  /** Whether a cookie is kept for an origin. */
  hasCookie(origin: string): boolean {
    return (this.#cookies.get(new URL(origin).host)?.size ?? 0) > 0;
  }

  async #go(method: 'GET' | 'POST', url: string, body: string | undefined): Promise<Page> {
    let at = url;
    for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
      const posting = hop === 0 && method === 'POST';
      const response = await send(at, {
        method: posting ? 'POST' : 'GET',
        headers: {
          accept: 'text/html,application/json',
          cookie: this.#cookieHeader(at),
          ...(posting
            ? { 'content-type': 'application/x-www-form-urlencoded', origin: new URL(at).origin }
            : {}),
        },
        ...(posting && body !== undefined ? { body } : {}),
      });
      this.#remember(at, response.headers['set-cookie']);
      const text = await response.body.text();
      const location = response.headers['location'];
      if (response.statusCode >= 300 && response.statusCode < 400 && typeof location === 'string') {
        at = new URL(location, at).href;
        continue;
      }
      return { status: response.statusCode, url: at, headers: response.headers, text };
    }
    throw new Error(`${url} redirects without end`);
  }

  #cookieHeader(url: string): string {
    return [...(this.#cookies.get(new URL(url).host) ?? [])]
      .map(([name, value]) => `${name}=${value}`)
      .join('; ');
  }

  #remember(url: string, header: string | string[] | undefined): void {
    const host = new URL(url).host;
    const jar = this.#cookies.get(host) ?? new Map<string, string>();
    this.#cookies.set(host, jar);
    for (const line of header === undefined ? [] : [header].flat()) {
      const [pair = ''] = line.split(';');
      const cut = pair.indexOf('=');
      const name = pair.slice(0, cut).trim();
      if (/max-age=0|expires=thu, 01 jan 1970/i.test(line)) jar.delete(name);
      else jar.set(name, pair.slice(cut + 1).trim());
    }
  }
}

function attribute(tag: string, name: string): string | undefined {
  const found = new RegExp(`\\b${name}="([^"]*)"`, 'i').exec(tag)?.[1];
  return found
    ?.replaceAll('&amp;', '&')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>');
}
