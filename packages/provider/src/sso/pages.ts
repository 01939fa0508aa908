import type { HtmlEscapedString } from 'hono/utils/html';
import { html, raw } from 'hono/html';
import { sha256 } from '@hangar/security';

const style =
  ':root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}body{max-width:34rem;margin:18vh auto;padding:0 1.5rem}h1{font-size:1.4rem}';

/** Nothing but our own style may run or load; no frame, no form, no base. */
const policy = [
  "default-src 'none'",
  `style-src 'sha256-${Buffer.from(sha256(style)).toString('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** What a page says. All of it is escaped. */
export interface Page {
  readonly status: number;
  readonly title: string;
  readonly text: string;
  /** A path of ours to try again. */
  readonly retry?: string;
}

/** Headers of every answer to a browser in the sign-in. Callback addresses hold codes, so none is passed on. */
export const browserHeaders: Readonly<Record<string, string>> = {
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'content-security-policy': policy,
};

/** A small page for a person whose sign-in did not go through. */
export function pageResponse(page: Page): Response {
  const { title, text, retry } = page;
  // Written out, because the digest in the policy is of exactly these bytes.
  const styled = html`<style>
    ${raw(style)}
  </style>`;
  const link = retry === undefined ? '' : html`<p><a href="${retry}">Try again</a></p>`;
  const body = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${title}</title>
        ${styled}
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          <p>${text}</p>
          ${link}
        </main>
      </body>
    </html>`;
  return new Response(body as HtmlEscapedString, {
    status: page.status,
    headers: { ...browserHeaders, 'content-type': 'text/html; charset=utf-8' },
  });
}
