import type { Tokens } from '@hangar/authority';
import type {
  DeliveryView,
  EnvironmentView,
  ExtensionView,
  MachineEventView,
  UsageLineView,
} from '@hangar/dashboard/wire';

/**
 * What the dashboard needs from outside, named as the questions it asks. Its answers are read models: the views of
 * the page, less what depends on the viewer.
 */

/** An extension without the viewer's role in it. */
export type ExtensionFacts = Omit<ExtensionView, 'role'>;
/** A workspace, the organization of an extension's tokens, with its living apps. */
export interface WorkspaceFacts {
  readonly number: bigint;
  readonly extensionId: string;
  readonly extensionName: string;
  readonly organizationId: string;
  readonly apps: readonly { readonly number: bigint; readonly name: string }[];
}

/** One page of a list, newest first. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly more: boolean;
}

/**
 * Questions about what is stored. Every one takes the organizations the viewer belongs to and must put them into the
 * query itself: what belongs to another organization does not exist here. Deleted extensions do not exist either.
 */
export interface DashboardReads {
  extensions(organizationIds: readonly string[]): Promise<Page<ExtensionFacts>>;
  extension(organizationIds: readonly string[], extensionId: string): Promise<ExtensionFacts | undefined>;
  environments(organizationIds: readonly string[], extensionId: string): Promise<Page<EnvironmentView>>;
  workspaces(organizationIds: readonly string[]): Promise<Page<WorkspaceFacts>>;
  /** The workspace of an extension; there is none until the first provisioning has begun. */
  workspace(organizationIds: readonly string[], extensionId: string): Promise<WorkspaceFacts | undefined>;
  deliveries(organizationIds: readonly string[], extensionId: string): Promise<Page<DeliveryView>>;
  /** A delivery of this extension with its newest attempt; no attempt was made yet when that is undefined. */
  delivery(
    organizationIds: readonly string[],
    extensionId: string,
    deliveryId: string,
  ): Promise<{ readonly newestAttempt: string | undefined } | undefined>;
  machineEvents(organizationIds: readonly string[], extensionId: string): Promise<Page<MachineEventView>>;
}

/**
 * The authority's own verbs, never its tables: it may run as a process of its own with a database of its own. It asks
 * for no permission and knows no tenants, so a workspace comes from {@link DashboardReads} and nowhere else.
 */
export type TokensPort = Pick<Tokens, 'list' | 'get' | 'mint' | 'revoke' | 'revokeText'>;

/** Changes, carried out by the capability that owns them. The dashboard has checked the tenant and the role before. */
export interface DashboardActions {
  /** Sends the announcement of this attempt again. False when it is no longer kept. */
  redeliver(change: { readonly attemptId: string; readonly by: string }): Promise<boolean>;
}

/** What was metered for an extension in [from, to): the same figures that are billed. */
export type UsageQuestion = (
  extensionId: string,
  period: { readonly from: Date; readonly to: Date },
) => Promise<readonly UsageLineView[]>;

/** A signed-in person, as the provider's sign-in knows them. */
export interface DashboardLogin {
  readonly userId: string;
  readonly email: string | undefined;
  /** Any word but `admin` counts as `member`. */
  readonly memberships: readonly { readonly organizationId: string; readonly role: string }[];
}

/** What of a request says who sent it. Never its body, which has come when anybody asks. */
export type Sender = Pick<Request, 'headers'>;

/** The provider's sign-in, as far as pages need it. */
export interface LoginsPort {
  /**
   * `maxAgeSeconds: 0` asks for memberships confirmed now and not some minutes ago: for what only admins do. Infinity
   * asks nobody: only what is stored counts.
   */
  identify(
    sender: Sender,
    options?: { readonly maxAgeSeconds?: number },
  ): Promise<DashboardLogin | undefined>;
  /** Where a sign-in starts that ends on `returnPath`, a path of this origin. */
  startUrl(returnPath: string): string;
  /** Ends the login; its `Set-Cookie` headers are passed on. */
  signOut(sender: Sender): Promise<Response>;
  csrfToken(login: DashboardLogin): string;
  /** Throws HangarError `csrf_refused` when `X-CSRF-Token` of the request is not this login's. */
  checkCsrf(sender: Sender, login: DashboardLogin): void;
}
