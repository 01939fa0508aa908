import { Hono, type Context } from 'hono';
import { html } from 'hono/html';
import { jsonOf, numberOf, textOf } from '../machines/request/body.ts';
import { invalidArgument, Refusal } from '../machines/request/refusal.ts';
import { choices, page, pagePolicy } from '../page.ts';
import type { CliSession } from '../releases/release.ts';
import type { Simulation } from '../simulation.ts';
import { cliLogins, provesItself } from './login.ts';

const PAGE_PATH = '/auth/cli';
const LONGEST_NAME = 200;

/**
 * `fly auth login` (docs/specs/platform.md#rest): the terminal begins a session, a browser says on a page who to be, and the terminal
 * fetches the token, by polling or with a code that came to its own port.
 */
export function cliSessionRoutes(simulation: Simulation): Hono {
  const routes = new Hono({ strict: false });
  const logins = cliLogins(simulation);
  const { world } = simulation;

  const sessionOf = (c: Context): CliSession => {
    const session = logins.find(c.req.param('id') ?? '');
    if (!session) throw new Refusal(404, 'Not found');
    return session;
  };

  routes.post('/api/v1/cli_sessions', async (c) => {
    const body = await jsonOf(c.req.raw);
    const name = (textOf(body, 'name') ?? 'a computer').slice(0, LONGEST_NAME);
    const challenge = textOf(body, 'code_challenge');
    if (challenge !== undefined && textOf(body, 'code_challenge_method') !== 'S256')
      throw invalidArgument('code_challenge_method must be S256');
    const port = numberOf(body, 'redirect_port') ?? 0;
    if (port < 0 || port > 65_535) throw invalidArgument('redirect_port must be a port');
    const state = textOf(body, 'state') ?? '';
    const session = logins.start(name, challenge === undefined ? undefined : { challenge, state, port });
    const auth_url = `${new URL(c.req.url).origin}${PAGE_PATH}/${session.id}`;
    return c.json({ id: session.id, auth_url, pkce: session.pkce !== undefined }, 201);
  });
  routes.get('/api/v1/cli_sessions/:id', (c) => {
    c.header('cache-control', 'no-store');
    const session = sessionOf(c);
    const token = session.pkce ? undefined : logins.collect(session);
    if (token === undefined) throw new Refusal(404, 'Not found');
    return c.json({ id: session.id, access_token: token });
  });
  routes.post('/api/v1/cli_sessions/:id/redeem', async (c) => {
    c.header('cache-control', 'no-store');
    const body = await jsonOf(c.req.raw);
    const session = sessionOf(c);
    const given = { code: textOf(body, 'code') ?? '', verifier: textOf(body, 'code_verifier') ?? '' };
    if (!provesItself(session, given)) throw new Refusal(422, 'the code is not valid');
    return c.json({ id: session.id, access_token: logins.collect(session) });
  });

  routes.get(`${PAGE_PATH}/:id`, (c) => {
    const session = logins.find(c.req.param('id'));
    pageHeaders(c, session);
    if (!session || session.userId !== undefined) return c.html(closing('This is over.'), 404);
    const people = [...world.users.values()].map((user) => ({
      id: user.id,
      name: user.name,
      note: [...world.organizations.values()]
        .filter((one) => user.roles.has(one.id))
        .map((one) => `${user.roles.get(one.id)} of ${one.name}`)
        .join(', '),
    }));
    const content = html`<p>flyctl on ${session.name} wants to act for you. Sign in as:</p>
      <form method="post">${choices(people)}</form>`;
    return c.html(page('Sign in to the simulated Fly.io', content) as string);
  });
  routes.post(`${PAGE_PATH}/:id`, async (c) => {
    const session = logins.find(c.req.param('id'));
    pageHeaders(c, session);
    if (!session || session.userId !== undefined) return c.html(closing('This is over.'), 404);
    const form = new URLSearchParams(await c.req.text());
    if (form.get('deny') !== null) {
      logins.end(session);
      return c.html(closing('Denied. You can close this page.'));
    }
    const user = world.users.get(form.get('user_id') ?? '');
    if (!user) return c.html(closing('There is no such user.'), 400);
    logins.confirm(session, user.id);
    const { pkce, code = '' } = session;
    if (!pkce) return c.html(closing('Signed in. You can close this page and go back to the terminal.'));
    if (pkce.port === 0) {
      const content = html`<p>Paste this code into the terminal:</p>
        <p><code>${code}</code></p>`;
      return c.html(page('Almost done', content) as string);
    }
    const back = new URL(`http://127.0.0.1:${pkce.port}/callback`);
    back.searchParams.set('state', pkce.state);
    back.searchParams.set('code', code);
    return c.redirect(back.toString(), 302);
  });
  return routes;
}

function closing(sentence: string): string {
  return page(sentence, '') as string;
}

/** The form may lead to the terminal's own port, and nowhere else. */
function pageHeaders(c: Context, session: CliSession | undefined): void {
  const terminal = session?.pkce?.port ? ` http://127.0.0.1:${session.pkce.port}` : '';
  c.header('cache-control', 'no-store');
  c.header('referrer-policy', 'no-referrer');
  c.header('content-security-policy', `${pagePolicy}; form-action 'self'${terminal}; frame-ancestors 'none'`);
}
