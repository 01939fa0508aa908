import { html } from 'hono/html';
import { page, pagePolicy } from '../page.ts';
import type { Simulation } from '../simulation.ts';
import type { JsonObject } from '../world/json.ts';
import { inventory } from './inventory.ts';

/** How many of a kind are shown: a page is for a look, `/_fly/inventory` has them all. */
const MOST_ROWS = 100;
const MOST_REQUESTS = 50;
const REFRESH_SECONDS = 5;

/** `GET /`: what there is at this Fly.io, and who has asked for what lately. */
export function worldPage(simulation: Simulation): Response {
  const { clock, faults, seen, settings } = simulation;
  const { apps, machines, buckets } = inventory(simulation) as Record<string, JsonObject[]>;
  const requests = seen.list().map((one) => ({ ...one, time: new Date(one.atMs).toISOString() }));
  const content = html`
    <p>
      It is ${clock.now().toISOString()} here. Machine events go to
      ${settings.announces ? settings.provider.baseUrl : 'nobody: no provider was named'}. Faults switched on:
      ${faults.list().length}.
    </p>
    ${table('Apps', apps ?? [], ['name', 'org_slug', 'network', 'machine_count'])}
    ${table('Machines', machines ?? [], ['app', 'name', 'id', 'state', 'region'])}
    ${table('Buckets', buckets ?? [], ['name', 'objects', 'bytes', 'uploads'])}
    ${table('Last requests', requests.slice(0, MOST_REQUESTS), ['time', 'door', 'method', 'path', 'status'])}
  `;
  return new Response(String(page('The world', content)), {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': `${pagePolicy}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      refresh: String(REFRESH_SECONDS),
    },
  });
}

function table(title: string, rows: readonly JsonObject[], members: readonly string[]): unknown {
  if (rows.length === 0)
    return html`<h2>${title}</h2>
      <p>None.</p>`;
  return html`<h2>${title}</h2>
    <table>
      <thead>
        <tr>
          ${members.map((name) => html`<th scope="col">${name.replaceAll('_', ' ')}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.slice(0, MOST_ROWS).map(
          (row) =>
            html`<tr>
              ${members.map((name) => html`<td>${String(row[name])}</td>`)}
            </tr> `,
        )}
      </tbody>
    </table>
    ${rows.length > MOST_ROWS ? html`<p>… and ${rows.length - MOST_ROWS} more.</p>` : ''}`;
}
