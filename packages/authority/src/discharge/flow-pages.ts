import { readBody, type RequestContext, type Log } from '@hangar/http';
import { type Sealer } from '@hangar/security';
import type { DischargeRefusal, SigningIssuer } from '../issuer/port.ts';
import type { FlowRow, Identity } from '../ports.ts';
import { confirmToken, isConfirmToken } from './confirm-token.ts';
import type { Flows } from './flows.ts';
import { renderPage, type Link, type Page } from './pages.ts';

const MAX_FORM_BYTES = 8192;

/** The pages a person sees while a client polls. */
export interface FlowPages {
  /** Without a secret that we made there is nothing to show, and nothing to decide. */
  show(request: Request, userSecret: string | undefined): Promise<Response>;
  decide(request: Request, door: RequestContext, userSecret: string | undefined): Promise<Response>;
}

/** What the pages need. */
export interface FlowPagesOptions {
  readonly location: string;
  readonly issuer: Pick<SigningIssuer, 'discharge'>;
  /** Seals the hidden field of the confirmation page. */
  readonly sealer: Sealer;
  readonly flows: Flows;
  readonly identify: (request: Request) => Promise<Identity | undefined>;
  readonly signInUrl: (returnPath: string) => string;
  readonly returnOrigins: readonly string[];
  readonly log: Log;
}

/** Builds the pages. Nothing is signed before a person who is signed in here has pressed a button here. */
export function createFlowPages(options: FlowPagesOptions): FlowPages {
  const { flows, location, issuer, sealer } = options;
  const ownOrigin = new URL(location).origin;

  const find = async (userSecret: string | undefined): Promise<FlowRow | undefined> =>
    userSecret === undefined ? undefined : await flows.find(userSecret);

  const signIn = (request: Request): Response => redirect(options.signInUrl(pathOf(request)));
  // Whoever is signed in already is led straight there.
  // Asked when a page is shown: whoever signs people in may be made after this.
  const startPage = (): Link => ({ href: options.signInUrl('/'), text: 'Start page' });
  const tell = async (words: Words, ...links: readonly Link[]): Promise<Response> =>
    await renderPage({ ...words, links: [...links, startPage()] });
  const again = (request: Request): Link => ({ href: pathOf(request), text: 'Open it again' });

  return {
    show: async (request, userSecret) => {
      const flow = await find(userSecret);
      if (!flow) return await tell(UNKNOWN);
      if (flow.state !== 'waiting') return await tell(SETTLED);
      const identity = await options.identify(request);
      if (!identity) return signIn(request);
      const issued = await issuer.discharge(flow.ticket, identity);
      if (!issued.ok) return await tell(notYou(identity, sentenceOf(issued.reason)), again(request));
      return await renderPage({
        status: 200,
        title: 'Allow this token to be used?',
        text: [
          `Somebody${flow.startedFrom === undefined ? '' : ` at ${flow.startedFrom}`} holds a token that works only after a sign-in, and asks for yours.`,
          `You are signed in as ${nameOf(identity)}. If you allow it, the token works for the next minutes on your behalf.`,
          'If you did not start this yourself just now, refuse.',
        ],
        form: {
          confirm: confirmToken(sealer, flow.userDigest, identity.userId),
          returnTo: returnTo(request, options.returnOrigins),
        },
        links: [],
      });
    },

    decide: async (request, door, userSecret) => {
      if (!isFromHere(request, ownOrigin)) return await tell(CROSS_SITE, again(request));
      const form = new URLSearchParams(
        new TextDecoder().decode(await readBody(request, MAX_FORM_BYTES, door)),
      );
      const flow = await find(userSecret);
      if (!flow) return await tell(UNKNOWN);
      const identity = await options.identify(request);
      if (!identity) return signIn(request);
      if (!isConfirmToken(form.get('confirm') ?? '', sealer, flow.userDigest, identity.userId)) {
        return await tell(CROSS_SITE, again(request));
      }
      const onwards = onwardsTo(allowedReturn(form.get('return_to'), options.returnOrigins));
      const by = `user ${identity.userId}`;
      const ticket = flow.userDigest.slice(0, 16);
      if (form.get('decision') !== 'allow') {
        const done = await flows.refuse(flow, 'The person who was asked refused.', by);
        options.log.info({ flow: ticket, by, settled: done }, 'discharge refused');
        return await (done ? tell(REFUSED, ...onwards) : tell(SETTLED));
      }
      const issued = await issuer.discharge(flow.ticket, identity);
      if (!issued.ok) return await tell(notYou(identity, sentenceOf(issued.reason)), again(request));
      const done = await flows.allow(flow, issued.value, by);
      options.log.info({ flow: ticket, by, settled: done }, 'discharge issued');
      return await (done ? tell(ALLOWED, ...onwards) : tell(SETTLED));
    },
  };
}

/** A page without its links. */
type Words = Omit<Page, 'links' | 'form'>;

const UNKNOWN: Words = {
  status: 404,
  title: 'There is nothing to decide here',
  text: ['The request is unknown, was collected already, or has ended. Start it again.'],
};
const SETTLED: Words = {
  status: 409,
  title: 'Already decided',
  text: ['This request has been decided. You can close this page.'],
};
const CROSS_SITE: Words = {
  status: 403,
  title: 'Not from this page',
  text: ['The answer did not come from the page you were shown, so nothing was done. Open the link again.'],
};
const ALLOWED: Words = {
  status: 200,
  title: 'Allowed',
  text: ['The token works now. You can close this page.'],
};
const REFUSED: Words = {
  status: 200,
  title: 'Refused',
  text: ['Nothing was allowed. You can close this page.'],
};

function sentenceOf(reason: DischargeRefusal): string {
  // Between start and confirmation the key may have been rotated out.
  return reason.tag === 'denied' ? reason.sentence : 'The ticket is no longer valid.';
}

function notYou(identity: Identity, reason: string): Words {
  return {
    status: 403,
    title: 'You cannot allow this',
    text: [
      `You are signed in as ${nameOf(identity)}.`,
      reason,
      'Sign in as somebody else and open the link again.',
    ],
  };
}

function onwardsTo(href: string | undefined): readonly Link[] {
  return href === undefined ? [] : [{ href, text: 'Continue' }];
}

function pathOf(request: Request): string {
  const { pathname, search } = new URL(request.url);
  return `${pathname}${search}`;
}

function nameOf(identity: Identity): string {
  return identity.email ?? identity.userId;
}

function redirect(to: string): Response {
  return new Response(null, { status: 303, headers: { location: to, 'cache-control': 'no-store' } });
}

/** Browsers say where a form was sent from; a form of another site is refused even with the right field. */
function isFromHere(request: Request, ownOrigin: string): boolean {
  const site = request.headers.get('sec-fetch-site');
  const origin = request.headers.get('origin');
  return (site === null || site === 'same-origin') && (origin === null || origin === ownOrigin);
}

function returnTo(request: Request, origins: readonly string[]): string | undefined {
  return allowedReturn(new URL(request.url).searchParams.get('return_to'), origins);
}

/** Only listed origins, over https or to the person's own machine: an open redirect would lend us to phishing. */
function allowedReturn(text: string | null, origins: readonly string[]): string | undefined {
  if (text === null || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  return origins.includes(url.origin) && /^https?:$/.test(url.protocol) ? url.href : undefined;
}
