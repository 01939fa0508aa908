import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HangarError } from '@hangar/security';
import { html } from 'hono/html';

/** The folder of the documentation, seen from `src` and from `dist` alike. */
const folder = fileURLToPath(new URL('../../../docs', import.meta.url));

const headers = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

/**
 * The docs as they stand in the repository: `/docs` lists them, `/docs/NAME` shows one, as its source.
 *
 * @throws HangarError `not_found` for a page there is none of.
 */
export async function docsPage(path: string): Promise<Response> {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.md'))
    .map((name) => name.slice(0, -'.md'.length));
  const wanted = path.replace(/^\/docs\/?/, '');
  if (wanted === '') {
    const list = names.map((name) => html`<li><a href="/docs/${name}">${name}</a></li>`);
    return await page(
      'Documentation',
      html`<ul>
        ${list}
      </ul>`,
    );
  }
  if (!names.includes(wanted)) throw new HangarError('not_found', { detail: 'no such page of the docs' });
  return await page(
    wanted,
    html`<p><a href="/docs">All pages</a></p>
      <pre>${readFileSync(join(folder, `${wanted}.md`), 'utf8')}</pre>`,
  );
}

async function page(title: string, body: ReturnType<typeof html>): Promise<Response> {
  const text = await html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>${title} · Hangar</title>
      </head>
      <body>
        <h1>${title}</h1>
        ${body}
      </body>
    </html>`;
  return new Response(text.toString(), { headers });
}
