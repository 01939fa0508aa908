import { html, raw } from 'hono/html';
import { inlineStyle } from '@hangar/security';

/** Where a page leads. */
export interface Link {
  readonly href: string;
  readonly text: string;
}

/** One page of the sign-in flow. */
export interface Page {
  readonly status: number;
  readonly title: string;
  /** Sentences, each a paragraph of its own. */
  readonly text: readonly string[];
  /** Shown with two buttons when a decision is asked for. */
  readonly form?: { readonly confirm: string; readonly returnTo: string | undefined };
  /** Links onwards, already checked. */
  readonly links: readonly Link[];
}

const STYLE = inlineStyle(`:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:12vh auto;padding:0 1.5rem}
h1{font-size:1.4rem}
button{font:inherit;padding:.5rem 1.2rem;margin-right:.75rem;border-radius:.4rem;border:1px solid;cursor:pointer}
a{margin-right:1.5rem}`);

/** Renders a page: no script, nothing from elsewhere, never framed, never kept. */
export async function renderPage(page: Page): Promise<Response> {
  const form = page.form
    ? html`<form method="post">
        <input type="hidden" name="confirm" value="${page.form.confirm}" />
        <input type="hidden" name="return_to" value="${page.form.returnTo ?? ''}" />
        <button name="decision" value="allow">Allow</button>
        <button name="decision" value="refuse">Refuse</button>
      </form>`
    : '';
  const links =
    page.links.length === 0
      ? ''
      : html`<p>${page.links.map(({ href, text }) => html`<a href="${href}">${text}</a> `)}</p>`;
  const body = await html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${page.title}</title>
        ${raw(STYLE.element)}
      </head>
      <body>
        <h1>${page.title}</h1>
        ${page.text.map((sentence) => html`<p>${sentence}</p>`)} ${form} ${links}
      </body>
    </html>`;
  return new Response(String(body), {
    status: page.status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': `default-src 'none'; style-src ${STYLE.source}; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
      // Not no-referrer: that would make a browser send `Origin: null` with the form.
      'referrer-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    },
  });
}
