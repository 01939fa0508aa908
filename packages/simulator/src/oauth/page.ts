import { html } from 'hono/html';
import { choices, page } from '../page.ts';
import type { Simulation } from '../simulation.ts';

/** The parameters of an authorization request, carried through the form. */
export const CARRIED_PARAMETERS = [
  'client_id',
  'response_type',
  'redirect_uri',
  'scope',
  'state',
  'organization_id',
  'code_challenge',
  'code_challenge_method',
] as const;

/**
 * The page on which a browser picks who it is. The real page asks for a password; here nobody has one. A browser-style client posts
 * the form: every hidden field as it is, and `user_id`, or `deny=1`.
 */
export function pickerPage(simulation: Simulation, query: URLSearchParams): unknown {
  const hidden = CARRIED_PARAMETERS.filter((name) => query.has(name));
  const organizations = [...simulation.world.organizations.values()];
  const roles = (user: { roles: ReadonlyMap<string, string> }): string =>
    organizations
      .filter((one) => user.roles.has(one.id))
      .map((one) => `${user.roles.get(one.id)} of ${one.name}`)
      .join(', ');
  const people = [...simulation.world.users.values()].map((user) => ({
    id: user.id,
    name: user.name,
    note: roles(user),
  }));
  return page(
    'Sign in to the simulated Fly.io',
    html`<p>${query.get('client_id')} wants to read who you are and which organizations you belong to.</p>
      <form method="post" action="/oauth/authorize">
        ${hidden.map((name) => html`<input type="hidden" name="${name}" value="${query.get(name)}" /> `)}
        ${choices(people)}
      </form>`,
  );
}
