import { HangarError } from '@hangar/http';
import { Secret, sameBytes, sha256Hex } from '@hangar/security';
import type { TokenInfo } from '@hangar/flyio';
import type { Deps } from '../deps.ts';
import type { Introspection, LoginRecord, Membership } from '../ports.ts';
import type { Cookies } from './cookies.ts';

/** A browser that is signed in. */
export interface Login {
  readonly userId: string;
  readonly email: string | undefined;
  readonly name: string | undefined;
  readonly memberships: readonly Membership[];
  readonly expiresAt: Date;
  /** To be sent back in `X-CSRF-Token` with every change. */
  readonly csrfToken: string;
}

/** What of a request says who sent it. Nothing here looks at a body. */
export type Sender = Pick<Request, 'headers'>;

/** Sign-ins as the dashboard and the discharge service use them. */
export interface Logins {
  /**
   * Who is behind the request's cookie; undefined when nobody is. Memberships are never older than five
   * minutes: then Fly.io is asked again, and a token it no longer knows ends the login
   * (docs/specs/extensions.md#login-lifetime).
   *
   * The answer is about this instant. Read the whole body first, and ask once more with Infinity after any other wait
   * that comes between this answer and the effect.
   * @param options.maxAgeSeconds ask Fly.io again when they are older than this; 0 before something is destroyed,
   *   Infinity to ask nobody and go by what is stored
   */
  identify(sender: Sender, options?: { readonly maxAgeSeconds?: number }): Promise<Login | undefined>;
  /** Address that signs in and comes back to `returnPath`. */
  startUrl(returnPath: string): string;
  /** Ends the login of the request's cookie on all replicas. @throws HangarError `csrf_refused` */
  signOut(sender: Sender): Promise<Response>;
  csrfToken(login: Login): string;
  /**
   * Call it before every change that a browser asks for (docs/specs/promises.md#changes-from-our-own-page), once its
   * body has come.
   * @throws HangarError `csrf_refused`
   */
  checkCsrf(sender: Sender, login: Login): void;
}

/** How old confirmed memberships may be before they are confirmed again. */
const FRESH_SECONDS = 300;
/** How long a login outlives Fly.io's silence. Past it nobody is let in on old knowledge. */
const SILENCE_SECONDS = 900;

/** A question to Fly.io that is on its way. */
interface Confirmation {
  readonly askedAt: number;
  readonly answer: Promise<LoginRecord | undefined>;
}

/** Reads, confirms and ends logins. */
export function createLogins(cookies: Cookies, deps: Deps): Logins {
  const { store, oauth, publicBaseUrl, sealer } = deps.options;
  const origin = new URL(publicBaseUrl).origin;
  const confirming = new Map<string, Confirmation>();

  const confirm = async (record: LoginRecord): Promise<LoginRecord | undefined> => {
    const { tokenHash } = record;
    const accessToken = Secret.of(sealer.openText(record.sealedAccessToken, accessTokenPlace(tokenHash)));
    // What Fly.io says was true at some instant after this one.
    const askedAt = deps.now();
    const info = await oauth.introspect(accessToken);
    if (info.ok && info.value.user_id === record.userId) {
      await store.logins.confirm(tokenHash, introspectionOf(info.value, askedAt, undefined));
      return await store.logins.find(tokenHash, deps.now());
    }
    if (!info.ok && (info.reason.tag === 'unreachable' || info.reason.tag === 'introspection_malformed')) {
      deps.log.warn({ reason: info.reason.tag }, 'memberships could not be confirmed');
      const silentFor = (deps.now().getTime() - record.checkedAt.getTime()) / 1_000;
      // Read again: Fly.io kept us waiting, and a login may be signed out or run out meanwhile.
      return silentFor < SILENCE_SECONDS ? await store.logins.find(tokenHash, deps.now()) : undefined;
    }
    await store.logins.close(tokenHash);
    return undefined;
  };

  const current = async (tokenHash: string, maxAgeSeconds: number): Promise<LoginRecord | undefined> => {
    const notBefore = deps.now().getTime() - maxAgeSeconds * 1_000;
    const record = await store.logins.find(tokenHash, deps.now());
    // At zero age nothing stored is young enough, not even what was confirmed within this very millisecond.
    const suffices = (at: LoginRecord): boolean => maxAgeSeconds > 0 && at.checkedAt.getTime() > notBefore;
    if (record === undefined || suffices(record)) return record;
    // A page asks many questions at once; Fly.io is asked one, by the first that needs no younger an answer than it.
    const running = confirming.get(tokenHash);
    if (running !== undefined && running.askedAt >= notBefore) return await running.answer;
    const refresh = async (): Promise<LoginRecord | undefined> => {
      // What was read above may be old by now.
      const again = await store.logins.find(tokenHash, deps.now());
      return again === undefined || suffices(again) ? again : await confirm(again);
    };
    const mine: Confirmation = {
      askedAt: deps.now().getTime(),
      answer: refresh().finally(() => {
        if (confirming.get(tokenHash) === mine) confirming.delete(tokenHash);
      }),
    };
    confirming.set(tokenHash, mine);
    return await mine.answer;
  };

  const checkCsrf = (request: Sender, login: Login): void => {
    const sent = request.headers.get('x-csrf-token') ?? '';
    const from = request.headers.get('origin');
    const site = request.headers.get('sec-fetch-site');
    const encoder = new TextEncoder();
    if (!sameBytes(encoder.encode(sent), encoder.encode(login.csrfToken)))
      throw refused('the token is missing or wrong');
    if (from !== null && from !== origin) throw refused('another origin');
    if (site !== null && site !== 'same-origin') throw refused('another site');
  };

  const identify: Logins['identify'] = async (request, options = {}) => {
    const token = cookies.login(request.headers);
    if (token === undefined) return undefined;
    const record = await current(sha256Hex(token), options.maxAgeSeconds ?? FRESH_SECONDS);
    if (record === undefined) return undefined;
    const { userId, email, name, memberships, expiresAt } = record;
    return { userId, email, name, memberships, expiresAt, csrfToken: sha256Hex(`csrf\n${token}`) };
  };

  return {
    identify,
    checkCsrf,
    csrfToken: (login) => login.csrfToken,
    startUrl: (returnPath) =>
      `${publicBaseUrl.replace(/\/$/, '')}/login?return_to=${encodeURIComponent(returnPath)}`,
    async signOut(request) {
      const token = cookies.login(request.headers);
      const headers = new Headers({ 'cache-control': 'no-store' });
      cookies.clearLogin(headers);
      if (token !== undefined) {
        const tokenHash = sha256Hex(token);
        const record = await store.logins.find(tokenHash, deps.now());
        if (record !== undefined) {
          checkCsrf(request, { ...record, csrfToken: sha256Hex(`csrf\n${token}`) });
          await store.logins.close(tokenHash);
        }
      }
      return new Response(null, { status: 204, headers });
    },
  };
}

/** Binds a sealed access token to its login. */
export function accessTokenPlace(tokenHash: string): string {
  return `logins.sealed_access_token:${tokenHash}`;
}

/** What we keep of an introspection. */
export function introspectionOf(
  info: TokenInfo,
  at: Date,
  createOrganization: string | undefined,
): Introspection {
  return {
    user: { id: info.user_id, email: info.email, name: info.user_name ?? undefined },
    memberships: info.organizations.map(({ id, role }) => ({ organizationId: id, role })),
    createOrganization,
    at,
  };
}

function refused(detail: string): HangarError {
  return new HangarError('csrf_refused', { detail });
}
