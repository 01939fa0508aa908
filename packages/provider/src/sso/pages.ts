import type { HtmlEscapedString } from 'hono/utils/html';
import { html, raw } from 'hono/html';
import { inlineStyle } from '@hangar/security';

const style = inlineStyle(
  ':root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}body{max-width:34rem;margin:18vh auto;padding:0 1.5rem}h1{font-size:1.4rem}a{margin-right:1.5rem}',
);

/** Nothing but our own style may run or load; no frame, no form, no base. */
const POLICY = [
  "default-src 'none'",
  `style-src ${style.source}`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Where a page leads: a path of ours, and what it says. */
export interface Link {
  readonly path: string;
  readonly text: string;
}

/** What a page says. All of it is escaped. Nobody is left standing on one: it leads on somewhere. */
export interface Page {
  readonly status: number;
  readonly title: string;
  readonly text: string;
  readonly links: readonly [Link, ...Link[]];
}

/** Headers of every answer to a browser in the sign-in. Callback addresses hold codes, so none is passed on. */
export const browserHeaders: Readonly<Record<string, string>> = {
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'content-security-policy': POLICY,
};

/** A small page for a person whose sign-in did not go through. */
export function pageResponse({ status, title, text, links }: Page): Response {
  const body = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${title}</title>
        ${raw(style.element)}
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          <p>${text}</p>
          <p>${links.map((link) => html`<a href="${link.path}">${link.text}</a> `)}</p>
        </main>
      </body>
    </html>`;
  return new Response(body as HtmlEscapedString, {
    status,
    headers: { ...browserHeaders, 'content-type': 'text/html; charset=utf-8' },
  });
}
