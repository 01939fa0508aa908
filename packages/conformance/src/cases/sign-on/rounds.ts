import { casesOf, type Case } from '../../lab/case.ts';
import { claim, claimRefused, claimStatus, type Made } from '../../lab/claims.ts';
import type { Exchange } from '../../lab/exchange.ts';
import { skip, type Lab } from '../../lab/lab.ts';
import { locationOf, openBrowser, type Browser } from '../../twin/browser.ts';
import { claimNotElsewhere, ELSEWHERE } from './start.ts';

const { must, should } = casesOf('sign-on', 'docs/specs/extensions.md#sign-on', 'twin');
const OUTCOMES = 'docs/specs/extensions.md#sign-on-outcomes';
const LIFETIME = 'docs/specs/extensions.md#login-lifetime';
const LINK = 'docs/specs/extensions.md#organization-link';

const ssoOf = (made: Made): string => `/extensions/${made.id}/sso`;

/** A sign-in that must succeed. */
async function signedIn(
  lab: Lab,
  made: Made,
  person = lab.twin().people.admin,
): Promise<{ browser: Browser; landing: URL; exchange: Exchange }> {
  const browser = openBrowser(lab);
  const exchange = await browser.signIn(ssoOf(made), person);
  claimStatus(exchange, 200, 302, 303);
  const landing = locationOf(lab, exchange);
  claim(
    landing !== undefined && landing.origin === new URL(lab.baseUrl).origin,
    'the callback leads to no page of the provider’s',
    exchange,
  );
  return { browser, landing, exchange };
}

/** Claims that a browser is not in: its link does not lead to a page of the resource. */
export async function claimNotIn(lab: Lab, browser: Browser, made: Made): Promise<void> {
  const again = await browser.open(ssoOf(made));
  const at = locationOf(lab, again);
  claim(
    again.status >= 400 || at?.pathname === '/oauth/authorize',
    'the browser is signed in all the same',
    again,
  );
}

async function begun(lab: Lab, made: Made): Promise<{ browser: Browser; authorize: URL }> {
  const browser = openBrowser(lab);
  const start = await browser.open(ssoOf(made));
  const authorize = locationOf(lab, start);
  claim(authorize !== undefined, 'the sign-in does not begin', start);
  return { browser, authorize };
}

export const SIGN_ON_ROUND_CASES: readonly Case[] = [
  must('SSO-06', 'An admin of the organization lands on the page of the resource.', async (lab) => {
    const made = await lab.shared();
    const { landing, exchange, browser } = await signedIn(lab, made);
    claim(landing.pathname !== '/oauth/authorize', 'the callback begins another sign-in', exchange);
    const page = await browser.open(landing.href);
    claim(
      page.status < 500 && page.status !== 401 && page.status !== 403,
      `the page is answered ${page.status}`,
      page,
    );
    claim(
      landing.href.includes(made.id) || page.text.includes(made.id),
      'the page is not of that resource',
      page,
    );
  }),
  must('SSO-07', 'The code is exchanged in a form with all members.', async (lab) => {
    const before = lab.twin().oauth.length;
    const { browser, authorize } = await begun(lab, await lab.shared());
    await browser.open(await browser.agree(authorize, lab.twin().people.admin));
    const asked = lab
      .twin()
      .oauth.slice(before)
      .find(({ target }) => target.split('?')[0] === '/oauth/token');
    claim(asked !== undefined && asked.method === 'POST', 'the code was not exchanged');
    claim(
      asked.headers.get('content-type')?.startsWith('application/x-www-form-urlencoded') ?? false,
      'the token request is no form',
    );
    const form = new URLSearchParams(asked.body);
    for (const name of ['client_id', 'client_secret', 'grant_type', 'code', 'redirect_uri'])
      claim(
        form.has(name) || (name.startsWith('client_') && asked.headers.has('authorization')),
        `the token request has no ${name}`,
      );
    claim(
      form.get('redirect_uri') === authorize.searchParams.get('redirect_uri'),
      'the token request has another `redirect_uri` than the authorization',
    );
  }),
  must('SSO-08', 'The token is introspected as bearer, and stands in no address.', async (lab) => {
    const before = lab.twin().oauth.length;
    await signedIn(lab, await lab.shared());
    const asked = lab
      .twin()
      .oauth.slice(before)
      .find(({ target }) => target.startsWith('/oauth/token/info'));
    claim(asked !== undefined && asked.method === 'GET', 'the token was not introspected');
    claim(
      (asked.headers.get('authorization') ?? '').startsWith('Bearer fo1_'),
      'the token is not sent as bearer',
    );
    claim(!asked.target.includes('fo1_'), 'the token stands in the address');
  }),
  must(
    'SSO-09',
    'Somebody of another organization is refused, and is not let in.',
    async (lab) => {
      const made = await lab.shared();
      const { landing } = await signedIn(lab, made);
      const browser = openBrowser(lab);
      const answer = await browser.signIn(ssoOf(made), lab.twin().people.outsider);
      claimStatus(answer, 403);
      await claimNotIn(lab, browser, made);
      const page = await browser.open(landing.href);
      claim(page.status !== 200 || !page.text.includes(made.id), 'the page of the resource is shown', page);
    },
    OUTCOMES,
  ),
  should(
    'SSO-13',
    'A member is signed in.',
    async (lab) => {
      await signedIn(lab, await lab.shared(), lab.twin().people.member);
    },
    OUTCOMES,
  ),
  should(
    'SSO-14',
    'An admin who became a member is signed in anew as one.',
    async (lab) => {
      const made = await lab.shared();
      const { admin } = lab.twin().people;
      await signedIn(lab, made);
      lab.twin().changeRole(admin, 'member');
      try {
        const { browser, landing } = await signedIn(lab, made);
        const page = await browser.open(landing.href);
        claim(page.status < 500, `the page is answered ${page.status}`, page);
      } finally {
        lab.twin().changeRole(admin, 'admin');
      }
    },
    OUTCOMES,
  ),
  must(
    'SSO-15',
    'Who is in for one organization is not in for another.',
    async (lab) => {
      const mine = await lab.shared();
      const other = await lab.made(lab.order(lab.stranger()));
      const { browser } = await signedIn(lab, mine);
      await claimNotIn(lab, browser, other);
      const answer = await browser.signIn(ssoOf(other), lab.twin().people.admin);
      claimStatus(answer, 403);
    },
    OUTCOMES,
  ),
  must('SSO-16', 'Who is in goes straight to the page.', async (lab) => {
    const made = await lab.shared();
    const { browser, landing } = await signedIn(lab, made);
    const again = await browser.open(ssoOf(made));
    claimStatus(again, 200, 302, 303);
    claim(
      again.status === 200 || locationOf(lab, again)?.href === landing.href,
      'the link leads elsewhere',
      again,
    );
  }),
  must('SSO-17', 'A callback is good for once.', async (lab) => {
    const { browser, authorize } = await begun(lab, await lab.shared());
    const back = await browser.agree(authorize, lab.twin().people.admin);
    claim((await browser.open(back)).status < 400, 'the first callback is refused');
    claimRefused(await browser.open(back));
  }),
  must('SSO-18', 'A callback in another browser is refused, and signs nobody in.', async (lab) => {
    const made = await lab.shared();
    const { browser, authorize } = await begun(lab, made);
    const back = await browser.agree(authorize, lab.twin().people.admin);
    const other = openBrowser(lab);
    claimRefused(await other.open(back));
    await claimNotIn(lab, other, made);
  }),
  should(
    'SSO-19',
    'The cookie is for HTTP alone, and stays with the site.',
    async (lab) => {
      const { browser } = await signedIn(lab, await lab.shared());
      const secure = lab.baseUrl.startsWith('https:');
      for (const line of browser.lines) {
        claim(/;\s*httponly/i.test(line), 'a script can read the cookie');
        claim(
          /;\s*samesite=(?:lax|strict)/i.test(line),
          'the cookie goes along with requests of other sites',
        );
        claim(!secure || /;\s*secure/i.test(line), 'the cookie goes over plain text');
      }
      claim(browser.lines.length > 0, 'no cookie was set');
    },
    LIFETIME,
  ),
  should(
    'SSO-20',
    'A sign-in has a login of its own.',
    async (lab) => {
      const made = await lab.shared();
      const { browser } = await signedIn(lab, made);
      const before = new Set(browser.cookies.values());
      const other = await signedIn(lab, made);
      claim(
        ![...other.browser.cookies.values()].some((value) => before.has(value)),
        'two sign-ins have one login',
      );
    },
    LIFETIME,
  ),
  must('SSO-21', 'No text in the flow leads a browser elsewhere.', async (lab) => {
    const made = await lab.shared();
    for (const text of ELSEWHERE.slice(0, 2)) {
      const browser = openBrowser(lab);
      const more = `return_to=${encodeURIComponent(text)}`;
      const start = await browser.open(`${ssoOf(made)}?${more}`);
      claimNotElsewhere(start);
      const authorize = locationOf(lab, start);
      if (authorize?.pathname !== '/oauth/authorize') continue;
      const back = await browser.agree(authorize, lab.twin().people.admin);
      claimNotElsewhere(await browser.open(`${back}&${more}`));
    }
  }),
  should(
    'SSO-22',
    'Who said no at Fly.io reads a page.',
    async (lab) => {
      const { browser, authorize } = await begun(lab, await lab.shared());
      const answer = await browser.open(await browser.decline(authorize));
      claimRefused(answer);
      claim(answer.header('content-type')?.startsWith('text/html') ?? false, 'the answer is no page', answer);
    },
    OUTCOMES,
  ),
  should('SSO-23', 'A name that is markup is shown as text.', async (lab) => {
    const { admin } = lab.twin().people;
    lab.twin().rename(admin, '<img src=x onerror=alert(1)>');
    try {
      const { browser, landing, exchange } = await signedIn(lab, await lab.shared());
      const page = await browser.open(landing.href);
      for (const one of [exchange, page])
        claim(!one.text.includes('<img src=x onerror'), 'the name is part of the markup', one);
    } finally {
      lab.twin().rename(admin, 'Gabriella Fern');
    }
  }),
  should(
    'SSO-24',
    'The link of an organization signs in who is in it.',
    async (lab) => {
      const browser = openBrowser(lab);
      const answer = await browser.signIn(
        `/organizations/${lab.twin().people.admin.organizationId}/sso`,
        lab.twin().people.admin,
      );
      if (answer.status === 404) skip('the provider has no link for organizations');
      claimStatus(answer, 200, 302, 303);
      claimNotElsewhere(answer);
    },
    LINK,
  ),
  must(
    'SSO-25',
    'The link of an organization refuses who is not in it.',
    async (lab) => {
      const browser = openBrowser(lab);
      const path = `/organizations/${lab.twin().people.admin.organizationId}/sso`;
      const answer = await browser.signIn(path, lab.twin().people.outsider);
      if (answer.status === 404) skip('the provider has no link for organizations');
      claimStatus(answer, 403);
    },
    LINK,
  ),
  should(
    'SSO-26',
    'A membership that ended ends the access.',
    async (lab) => {
      const made = await lab.shared();
      const { member } = lab.twin().people;
      const { browser } = await signedIn(lab, made, member);
      lab.twin().changeRole(member, undefined);
      try {
        claimStatus(await openBrowser(lab).signIn(ssoOf(made), member), 403);
        // Fly.io has told by now; the login of before is over with the membership.
        await claimNotIn(lab, browser, made);
      } finally {
        lab.twin().changeRole(member, 'member');
      }
    },
    LIFETIME,
  ),
];
