import { randomUUID } from 'node:crypto';
import type { Authority } from '@hangar/authority';
import { HangarError } from '@hangar/http';
import { createDashboardReads } from '@hangar/store';
import { openAuthority } from '../../../test/harness/authority.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/harness/database.ts';
import { createMemoryStore } from '../../../test/harness/memory-store.ts';
import { type Estate, furnish, NOW } from './dashboard-estate.ts';
import { createDashboard, type Dashboard } from '../src/dashboard/dashboard.ts';
import { pageFolder } from '../src/http/page-folder.ts';
import type {
  DashboardActions,
  DashboardLogin,
  DashboardReads,
  LoginsPort,
  Sender,
  TokensPort,
} from '../src/dashboard/ports.ts';

/** Everything a dashboard test needs: rows of several organizations, people, and what the actions were told. */
export interface House {
  readonly store: TestDatabase;
  readonly estates: readonly [Estate, Estate, Estate];
  readonly done: { action: string; id: string; by: string }[];
  /** Keeps its tokens somewhere else than the dashboard's database, as an authority of its own does. */
  readonly authority: Authority;
  readonly logins: BadgeLogins;
  /** The dashboard over these rows; with the badges below unless another sign-in is given. */
  dashboard(publicUrl: string, logins?: LoginsPort, reads?: Partial<DashboardReads>): Dashboard;
  close(): Promise<void>;
}

/** Opens a database with three organizations in it. */
export async function openHouse(): Promise<House> {
  const store = await openTestDatabase();
  const authority = authorityElsewhere();
  const estates = [
    await furnish(store.db, 'alpha', authority),
    await furnish(store.db, 'beta', authority),
    await furnish(store.db, 'gamma', authority),
  ] as const;
  const done: House['done'] = [];
  const badges = createBadgeLogins();
  const actions: DashboardActions = {
    redeliver: async ({ attemptId, by }) => {
      done.push({ action: 'redeliver', id: attemptId, by });
      return true;
    },
  };
  const tokens: TokensPort = {
    ...authority.tokens,
    mint: async (request) => {
      const minted = await authority.tokens.mint(request);
      done.push({ action: 'mint', id: minted.id, by: request.creator });
      return minted;
    },
    revoke: async (request) => {
      const { target, by } = request;
      done.push({ action: 'revoke', id: String(Object.values(target)[0]), by });
      return await authority.tokens.revoke(request);
    },
    revokeText: async (wish) => {
      const revoked = await authority.tokens.revokeText(wish);
      done.push({ action: 'report', id: revoked.copies[0].id, by: wish.by });
      return revoked;
    },
  };
  return {
    store,
    estates: [...estates],
    done,
    authority,
    logins: badges,
    dashboard: (publicUrl, logins = badges, reads = {}) =>
      createDashboard({
        reads: { ...createDashboardReads(store.db), ...reads },
        tokens,
        actions,
        logins,
        usage: async () => [{ meter: 'compute.vcpu_seconds', quantity: 5400.25, unit: 'seconds' }],
        assetsDir: pageFolder,
        publicUrl,
        product: { name: 'Logjam', command: 'fly ext logjam dashboard -a myapp' },
        now: () => NOW,
      }),
    close: async () => await store.close(),
  };
}

/** An authority whose tokens are in no table of the dashboard's database. */
function authorityElsewhere(): Authority {
  return openAuthority(createMemoryStore(), () => NOW);
}

/** Logins known by a cookie that names them: the dashboard's side of the provider's sign-in, without Fly.io. */
export interface BadgeLogins extends LoginsPort {
  /** Signs a person in and answers the Cookie header. */
  signIn(login: DashboardLogin): string;
  /** For every question who it is: whether it had to be true now. */
  readonly asked: boolean[];
}

function createBadgeLogins(): BadgeLogins {
  const open = new Map<string, DashboardLogin>();
  const tokens = new Map<DashboardLogin, string>();
  const asked: boolean[] = [];
  const badgeOf = (request: Sender) =>
    /(?:^|; )badge=([^;]+)/.exec(request.headers.get('cookie') ?? '')?.[1] ?? '';
  return {
    asked,
    signIn: (login) => {
      const badge = randomUUID();
      open.set(badge, login);
      tokens.set(login, randomUUID());
      return `badge=${badge}`;
    },
    identify: async (request, options) => {
      asked.push(options?.maxAgeSeconds === 0);
      return open.get(badgeOf(request));
    },
    startUrl: (returnPath) => `/flyio/login?return_to=${encodeURIComponent(returnPath)}`,
    signOut: async (request) => {
      open.delete(badgeOf(request));
      return new Response(null, {
        status: 204,
        headers: { 'set-cookie': 'badge=; Path=/; HttpOnly; Max-Age=0' },
      });
    },
    csrfToken: (login) => tokens.get(login) ?? '',
    checkCsrf: (request, login) => {
      if (request.headers.get('x-csrf-token') !== tokens.get(login)) throw new HangarError('csrf_refused');
    },
  };
}
