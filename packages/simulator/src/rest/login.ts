import { createHash, timingSafeEqual } from 'node:crypto';
import { randomText } from '../ids.ts';
import type { CliSession } from '../releases/release.ts';
import type { Simulation } from '../simulation.ts';

/** flyctl gives up after as long. */
const SESSION_MS = 900_000;

/** A login from a terminal outlives whatever is rehearsed with it. */
const LOGIN_MS = 365 * 86_400_000;

/** How many terminals may wait. */
const MOST_SESSIONS = 1_000;

/** Logins from a terminal: begun there, confirmed in a browser, and ended by whoever began them. */
export function cliLogins({ world, clock }: Simulation) {
  const forgetOld = (): void => {
    const now = clock.nowMs();
    for (const [id, one] of world.cliSessions) if (one.expiresAtMs <= now) world.cliSessions.delete(id);
  };

  return {
    /** Begins one. With `pkce` its token goes to whoever knows the verifier, otherwise to whoever knows the id. */
    start(name: string, pkce: CliSession['pkce']): CliSession {
      forgetOld();
      const oldest = world.cliSessions.keys().next();
      if (world.cliSessions.size >= MOST_SESSIONS && !oldest.done) world.cliSessions.delete(oldest.value);
      const session: CliSession = {
        id: randomText(16),
        name,
        pkce,
        expiresAtMs: clock.nowMs() + SESSION_MS,
      };
      world.cliSessions.set(session.id, session);
      return session;
    },

    find(id: string): CliSession | undefined {
      forgetOld();
      return world.cliSessions.get(id);
    },

    /** A person said that it is they. */
    confirm(session: CliSession, userId: string): void {
      session.userId = userId;
      if (session.pkce) session.code = randomText(9);
      world.cliSessions.changed(session.id);
    },

    /** Nobody is to come of it. */
    end(session: CliSession): void {
      world.cliSessions.delete(session.id);
    },

    /** The token of a confirmed login, once. */
    collect(session: CliSession): string | undefined {
      if (session.userId === undefined) return undefined;
      world.cliSessions.delete(session.id);
      const accessToken = `fo1_${randomText(32)}`;
      world.grants.set(accessToken, {
        accessToken,
        refreshToken: randomText(32),
        clientId: 'flyctl',
        userId: session.userId,
        scope: [],
        createdAtMs: clock.nowMs(),
        expiresAtMs: clock.nowMs() + LOGIN_MS,
      });
      return accessToken;
    },
  };
}

/** Whether code and verifier are those of the session (S256 of RFC 7636). */
export function provesItself({ pkce, code }: CliSession, given: { code: string; verifier: string }): boolean {
  if (!pkce || code === undefined) return false;
  const challenge = createHash('sha256').update(given.verifier).digest('base64url');
  return same(challenge, pkce.challenge) && same(given.code, code);
}

function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
