import type { ProductView } from '@hangar/dashboard/wire';
import type { Clock, Door, Log } from '@hangar/security';
import type {
  DashboardActions,
  DashboardLogin,
  DashboardReads,
  ExtensionFacts,
  LoginsPort,
  RevocationDoor,
  TokensPort,
  UsageQuestion,
} from './ports.ts';

/** Everything an operation may use. */
export interface DashboardParts {
  readonly reads: DashboardReads;
  readonly tokens: TokensPort;
  readonly revocationDoor: RevocationDoor;
  readonly actions: DashboardActions;
  readonly logins: LoginsPort;
  readonly usage: UsageQuestion;
  readonly product: ProductView;
  readonly now: Clock;
  readonly log: Log;
}

/** A request by anyone, signed in or not. */
export interface Visit {
  readonly request: Request;
  readonly door: Door;
  readonly login: DashboardLogin | undefined;
}

/** A request by a signed-in person. */
export interface ViewerVisit extends Visit {
  readonly login: DashboardLogin;
  /** What a change was sent with: JSON, of whatever form. Undefined for questions. */
  readonly body: unknown;
}

/** A request by a signed-in person about an extension of an organization of theirs. */
export interface ExtensionVisit extends ViewerVisit {
  /** The viewer's organizations: what every query about the extension is limited to. */
  readonly organizationIds: readonly string[];
  readonly extension: ExtensionFacts;
  /** A further member of the path, decoded and of harmless form. */
  param(name: string): string;
}
