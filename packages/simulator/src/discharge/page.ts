import { html } from 'hono/html';
import type { Principal } from './principals.ts';

/** Where a person says that a client may go on. The real page asks who they are first; here they say so by their button. */
export function confirmPage(everybody: readonly Principal[]): unknown {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>Confirm at the simulated Fly.io</title>
      </head>
      <body>
        <h1>A program wants to go on using a token</h1>
        <p>Continue as:</p>
        <form method="post">
          ${everybody.map(
            (one) =>
              html`<p>
                <button name="user_id" value="${one.id}">${one.name}</button> ${one.organizations.join(', ')}
              </p> `,
          )}
          <p><button name="deny" value="1">Deny</button></p>
        </form>
      </body>
    </html>`;
}

/** What a person sees when nothing is left to do. */
export function closingPage(sentence: string): unknown {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>Simulated Fly.io</title>
      </head>
      <body>
        <h1>${sentence}</h1>
      </body>
    </html>`;
}
