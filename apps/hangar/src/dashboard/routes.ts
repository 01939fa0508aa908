import type { DashboardParts, ExtensionVisit, ViewerVisit, Visit } from './visit.ts';
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
  | RouteFor<'anyone', Visit>
  | RouteFor<'viewer', ViewerVisit>
  | RouteFor<'member', ExtensionVisit>
  | RouteFor<'admin', ExtensionVisit>;

interface RouteFor<Audience, Kind> {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly audience: Audience;
  /** For a change that is told something by its body: bytes of JSON. The others take `{}`. */
  readonly maxBodyBytes?: number;
  /** Answers with what is to be JSON, or with a Response when it has headers of its own. */
  readonly run: (parts: DashboardParts, visit: Kind) => Promise<object>;
}

const extension = '/api/extensions/:extensionId';

/** The whole JSON surface. The tests of tenants and of cross-site requests are made from this list. */
export const dashboardRoutes: readonly DashboardRoute[] = [
  { method: 'GET', path: '/api/me', audience: 'anyone', run: whoAmI },
  { method: 'GET', path: '/api/extensions', audience: 'viewer', run: listExtensions },
  { method: 'GET', path: extension, audience: 'member', run: showExtension },
  { method: 'GET', path: `${extension}/environments`, audience: 'member', run: listEnvironments },
  { method: 'GET', path: `${extension}/tokens`, audience: 'member', run: listTokens },
  { method: 'GET', path: `${extension}/deliveries`, audience: 'member', run: listDeliveries },
  { method: 'GET', path: `${extension}/events`, audience: 'member', run: listMachineEvents },
  { method: 'GET', path: `${extension}/usage`, audience: 'member', run: showUsage },
  { method: 'GET', path: '/api/minting', audience: 'viewer', run: showMinting },
  { method: 'POST', path: `${extension}/tokens/mint`, audience: 'admin', maxBodyBytes: 2048, run: mintToken },
  {
    method: 'POST',
    path: `${extension}/tokens/revoke-all`,
    audience: 'admin',
    maxBodyBytes: 1024,
    run: revokeAll,
  },
  { method: 'POST', path: `${extension}/tokens/:tokenId/revoke`, audience: 'admin', run: revokeToken },
  // A header may hold 64 KiB of tokens, and JSON escapes none of their characters.
  { method: 'POST', path: '/api/tokens/report', audience: 'viewer', maxBodyBytes: 70_000, run: reportLeak },
  {
    method: 'POST',
    path: `${extension}/deliveries/:deliveryId/redeliver`,
    audience: 'admin',
    run: redeliver,
  },
  { method: 'POST', path: '/api/sign-out', audience: 'viewer', run: signOut },
];
