import { Hono, type Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { pagePolicy } from '../page.ts';
import type { Simulation } from '../simulation.ts';
import { dischargeFlows } from './flows.ts';
import { LOCATIONS_BY_PATH, loopbackLocation } from './location.ts';
import { issueDischarge, ticketConditions } from './issue.ts';
import { closingPage, confirmPage } from './page.ts';
import { START_PATH } from './paths.ts';
import { principals, principalsOf } from './principals.ts';

const COOKIE_NAME = 'fly_discharge';

/**
 * Fly.io as a third party (docs/specs/token-format.md#discharge-protocol): whoever brings an OAuth token, or the
 * cookie of an earlier sign-in, gets the discharge at once; for anybody else a person confirms on a page while the
 * client polls.
 */
export function dischargeRoutes(simulation: Simulation): Hono {
  const routes = new Hono({ strict: false });
  for (const [base, location] of LOCATIONS_BY_PATH) addThirdParty(routes, simulation, base, location);
  return routes;
}

function addThirdParty(routes: Hono, simulation: Simulation, base: string, named: string): void {
  const flows = dischargeFlows(simulation);
  // flyctl sends its login to api.fly.io and auth.fly.io alone. At any other address nobody can be told who comes, so there the ticket's
  // conditions are all that is asked.
  const asksNobody = simulation.settings.thirdParty === 'loopback';

  routes.post(`${base}${START_PATH}`, async (c) => {
    c.header('cache-control', 'no-store');
    const ticket = await ticketOf(c);
    if (!ticket || !ticketConditions(simulation, ticket)) return c.json({ error: 'bad ticket' }, 400);
    const cookie = getCookie(c, COOKIE_NAME);
    const location = asksNobody ? loopbackLocation(new URL(c.req.url).origin, named) : named;
    const by = asksNobody
      ? principals(simulation)
      : [...principalsOf(simulation, c.req.header('authorization')), ...flows.signedIn(cookie)];
    if (by.length > 0) {
      const issued = issueDischarge(simulation, { ticket, location, by });
      return issued.ok ? c.json({ discharge: issued.value }, 201) : c.json({ error: issued.reason }, 403);
    }
    const flow = flows.start(ticket, location, cookie);
    setCookie(c, COOKIE_NAME, flow.session, { httpOnly: true, path: '/', sameSite: 'Lax' });
    const own = `${new URL(c.req.url).origin}${base}/discharges`;
    const addresses = { user_url: `${own}/${flow.userSecret}`, poll_url: `${own}/poll/${flow.pollSecret}` };
    return c.json({ user_interactive: addresses }, 201);
  });
  routes.all(`${base}${START_PATH}`, (c) => c.json({ error: 'method not allowed' }, 405, { allow: 'POST' }));

  routes.get(`${base}/discharges/poll/:secret`, (c) => {
    c.header('cache-control', 'no-store');
    const flow = flows.collect(c.req.param('secret'));
    if (!flow) return c.json({ error: 'not found' }, 404);
    return flow.outcome ? c.json(flow.outcome) : c.json({ error: 'not ready' }, 202);
  });

  routes.get(`${base}/discharges/:secret`, (c) => {
    pageHeaders(c);
    if (!flows.ofPerson(c.req.param('secret'))) return c.html(closing('This is over.'), 404);
    return c.html(confirmPage(principals(simulation)) as string);
  });
  routes.post(`${base}/discharges/:secret`, async (c) => {
    pageHeaders(c);
    const flow = flows.ofPerson(c.req.param('secret'));
    if (!flow || flow.outcome) return c.html(closing('This is over.'), 404);
    const form = new URLSearchParams(await c.req.text());
    if (form.get('deny') !== null) {
      flows.settle(flow, { error: 'the user denied the request' });
      return c.html(closing('Denied. You can close this page.'));
    }
    const person = principals(simulation).find((one) => one.id === form.get('user_id'));
    if (!person) return c.html(closing('There is no such user.'), 400);
    const issued = issueDischarge(simulation, { ticket: flow.ticket, location: flow.location, by: [person] });
    flows.settle(flow, issued.ok ? { discharge: issued.value } : { error: issued.reason }, person);
    return c.html(closing(issued.ok ? 'Done. You can close this page.' : `Refused: ${issued.reason}`));
  });
}

function closing(sentence: string): string {
  return closingPage(sentence) as string;
}

function pageHeaders(c: Context): void {
  c.header('cache-control', 'no-store');
  c.header('content-security-policy', `${pagePolicy}; form-action 'self'; frame-ancestors 'none'`);
}

async function ticketOf(c: Context): Promise<Uint8Array | undefined> {
  let body: unknown;
  try {
    body = JSON.parse(await c.req.text());
  } catch {
    return undefined;
  }
  const text = typeof body === 'object' && body !== null ? (body as { ticket?: unknown }).ticket : undefined;
  if (typeof text !== 'string') return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? new Uint8Array(bytes) : undefined;
}
