import type { ProductView } from '@hangar/dashboard/wire';
import type { Clock, RequestContext, Log } from '@hangar/http';
import type {
  DashboardActions,
  DashboardLogin,
  DashboardReads,
  ExtensionFacts,
  LoginsPort,
  TokensPort,
  UsageQuestion,
} from './ports.ts';
import type { Head } from './whole.ts';

/** Everything an operation may ask. Nothing in here changes anything. */
export interface Questions {
  readonly reads: DashboardReads;
  readonly tokens: Pick<TokensPort, 'list' | 'get'>;
  readonly logins: Omit<LoginsPort, 'signOut'>;
  readonly usage: UsageQuestion;
  readonly product: ProductView;
  readonly now: Clock;
  readonly log: Log;
}

/** Everything an operation may change. The pipeline hands it out, once it has judged for the last time. */
export interface Effects {
  readonly tokens: Pick<TokensPort, 'mint' | 'revoke' | 'revokeText'>;
  readonly actions: DashboardActions;
  readonly logins: Pick<LoginsPort, 'signOut'>;
}

/** What a change comes to after everything was looked up: effects, and the answer that tells of them. */
export type Change = (effects: Effects) => Promise<object>;

/** A request by anyone, signed in or not. */
export interface Visit {
  readonly head: Head;
  readonly door: RequestContext;
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
