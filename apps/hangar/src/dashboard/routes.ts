import type { Change, ExtensionVisit, Questions, ViewerVisit, Visit } from './visit.ts';
import {
  listDeliveries,
  listEnvironments,
  listExtensions,
  listMachineEvents,
  showExtension,
  showUsage,
  whoAmI,
} from './answers.ts';
import { redeliver, signOut } from './changes.ts';
import { listTokens, showMinting } from './token-answers.ts';
import { mintToken, reportLeak, revokeAll, revokeToken } from './token-changes.ts';

/**
 * One row of the JSON surface. `audience` says who may ask: `anyone`; a signed-in `viewer`; a `member` or an `admin`
 * of the organization that owns the extension in the path. A row with POST is a change and passes same-page.ts first.
 */
export type DashboardRoute =
  | Question<'anyone', Visit>
  | Question<'viewer', ViewerVisit>
  | Question<'member', ExtensionVisit>
  | ChangeRoute<'viewer', ViewerVisit>
  | ChangeRoute<'admin', ExtensionVisit>;

interface Question<Audience, Kind> {
  readonly method: 'GET';
  readonly path: string;
  readonly audience: Audience;
  /** Answers with what is to be JSON, or with a Response when it has headers of its own. */
  readonly answer: (questions: Questions, visit: Kind) => Promise<object>;
}

interface ChangeRoute<Audience, Kind> {
  readonly method: 'POST';
  readonly path: string;
  readonly audience: Audience;
  /** For a change that is told something by its body: bytes of JSON. The others take `{}`. */
  readonly maxBodyBytes?: number;
  /** Looks up everything that the change needs. It has nothing to change things with: {@link Effects} come after. */
  readonly prepare: (questions: Questions, visit: Kind) => Promise<Change>;
}

const EXTENSION = '/api/extensions/:extensionId';

/** The whole JSON surface. The tests of tenants and of cross-site requests are made from this list. */
export const dashboardRoutes: readonly DashboardRoute[] = [
  { method: 'GET', path: '/api/me', audience: 'anyone', answer: whoAmI },
  { method: 'GET', path: '/api/extensions', audience: 'viewer', answer: listExtensions },
  { method: 'GET', path: EXTENSION, audience: 'member', answer: showExtension },
  { method: 'GET', path: `${EXTENSION}/environments`, audience: 'member', answer: listEnvironments },
  { method: 'GET', path: `${EXTENSION}/tokens`, audience: 'member', answer: listTokens },
  { method: 'GET', path: `${EXTENSION}/deliveries`, audience: 'member', answer: listDeliveries },
  { method: 'GET', path: `${EXTENSION}/events`, audience: 'member', answer: listMachineEvents },
  { method: 'GET', path: `${EXTENSION}/usage`, audience: 'member', answer: showUsage },
  { method: 'GET', path: '/api/minting', audience: 'viewer', answer: showMinting },
  {
    method: 'POST',
    path: `${EXTENSION}/tokens/mint`,
    audience: 'admin',
    maxBodyBytes: 2048,
    prepare: mintToken,
  },
  {
    method: 'POST',
    path: `${EXTENSION}/tokens/revoke-all`,
    audience: 'admin',
    maxBodyBytes: 1024,
    prepare: revokeAll,
  },
  { method: 'POST', path: `${EXTENSION}/tokens/:tokenId/revoke`, audience: 'admin', prepare: revokeToken },
  // A header may hold 64 KiB of tokens, and JSON escapes none of their characters.
  {
    method: 'POST',
    path: '/api/tokens/report',
    audience: 'viewer',
    maxBodyBytes: 70_000,
    prepare: reportLeak,
  },
  {
    method: 'POST',
    path: `${EXTENSION}/deliveries/:deliveryId/redeliver`,
    audience: 'admin',
    prepare: redeliver,
  },
  { method: 'POST', path: '/api/sign-out', audience: 'viewer', prepare: signOut },
];
