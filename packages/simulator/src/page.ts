import { createHash } from 'node:crypto';
import { html, raw } from 'hono/html';

/** Plain, legible in light and dark, and marked: nobody should take a page of the simulator for one of Fly.io's. */
const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; }
header { padding: .5rem 1rem; background: #fd0; color: #000; }
main { max-width: 40rem; margin: 2rem auto; padding: 0 1rem; }
ul { list-style: none; padding: 0; }
li { margin: .75rem 0; }
main:has(table) { max-width: 70rem; }
table { border-collapse: collapse; font-size: .9rem; }
th, td { padding: .2rem 1rem .2rem 0; text-align: start; overflow-wrap: anywhere; }
button { font: inherit; padding: .5rem 1rem; min-width: 12rem; text-align: start; }
`;

/** What a Content-Security-Policy must allow for these pages: their own style sheet, by its digest, and nothing else. */
export const pagePolicy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`;

/** Somebody to be, with a button. The form posts `user_id`. */
export interface Choice {
  readonly id: string;
  readonly name: string;
  readonly note: string;
}

/** A whole page around that content. */
export function page(title: string, content: unknown): unknown {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        ${raw(`<style>${STYLE}</style>`)}
      </head>
      <body>
        <header>Simulated Fly.io: nothing here is real, and nobody needs a password.</header>
        <main>
          <h1>${title}</h1>
          ${content}
        </main>
      </body>
    </html>`;
}

/** A button for each, and one that denies. */
export function choices(people: readonly Choice[]): unknown {
  return html`<ul>
      ${people.map(
        ({ id, name, note }) =>
          html`<li><button name="user_id" value="${id}">${name}</button> <span>${note}</span></li> `,
      )}
    </ul>
    <p><button name="deny" value="1">Deny</button></p>`;
}
