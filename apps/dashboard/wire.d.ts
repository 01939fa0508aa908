/**
 * The JSON between the page and its server, written once for both sides.
 *
 * The page and the server are released together, so this is a private dialect: camelCase, times as ISO 8601 text in
 * UTC, `null` for "there is none". Errors are the house form of every door (`{ error, code, request_id }`).
 */

/** What a person may do in an organization: members look, admins act. */
export type Role = 'admin' | 'member';

/** `GET /api/me`: who is asking, or how to sign in. */
export type MeView = SignedInView | SignedOutView;

export interface SignedInView {
  readonly signedIn: true;
  readonly product: ProductView;
  readonly user: { readonly id: string; readonly email: string };
  readonly organizations: readonly { readonly id: string; readonly role: Role }[];
  /** Goes back in `X-CSRF-Token` with every POST. */
  readonly csrfToken: string;
  /** The server's clock: times are told from it, because a browser's may be wrong and a simulated one runs ahead. */
  readonly now: string;
}

export interface SignedOutView {
  readonly signedIn: false;
  readonly product: ProductView;
  /** Where the sign-in at Fly.io starts; it comes back to the page that was asked for. */
  readonly signInUrl: string;
}

export interface ProductView {
  readonly name: string;
  /** The flyctl command that opens this page, signed in. */
  readonly command: string;
}

/** One extension in the list of `GET /api/extensions`. */
export interface ExtensionSummary {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly plan: string | null;
  readonly region: string | null;
  readonly organizationId: string;
  readonly createdAt: string;
  /** The viewer's own role in the extension's organization. */
  readonly role: Role;
}

/** `GET /api/extensions/:id`. */
export interface ExtensionView extends ExtensionSummary {
  readonly statusDetail: string | null;
  readonly updatedAt: string;
}

/** How the process of a machine ended when nobody had asked for it. */
export interface MachineExitView {
  /** In the platform's words, when it gave any. */
  readonly reason: string | null;
  readonly exitCode: number | null;
  readonly oomKilled: boolean;
  /** True when the machine's restart policy starts it again. */
  readonly restarting: boolean;
}

export interface EnvironmentView {
  readonly id: string;
  readonly name: string;
  readonly phase: string;
  /** The code of the refusal that ended it, for phase `failed`. */
  readonly failure: string | null;
  readonly power: string;
  readonly bucket: string | null;
  readonly machines: number;
  /** One that is down, or goes down again and again, without having been asked to. */
  readonly failedMachine: FailedMachineView | null;
  readonly createdAt: string;
}

/** Why a machine is down. */
export interface FailedMachineView {
  readonly id: string;
  readonly reason: 'out_of_memory' | 'exited' | 'restarting' | 'not_launched';
  readonly exitCode: number | null;
  readonly oomKilled: boolean;
  readonly at: string | null;
}

/** An app by the number that stands in tokens, and by its name when it is one of the workspace's living apps. */
export interface AppView {
  /** Digits, as text: it may be larger than a JavaScript number. */
  readonly number: string;
  readonly name: string | null;
}

export interface TokenView {
  readonly id: string;
  readonly name: string;
  /** The preset it was minted from, or null for hand-written caveats. */
  readonly preset: string | null;
  /** The last characters of the token's text, so that its owner can tell tokens apart. */
  readonly endsWith: string;
  /** What it can do, one sentence per limit. */
  readonly abilities: readonly string[];
  readonly state: 'active' | 'expired' | 'revoked';
  /** The texts it was minted as, in order; the first of several may be revoked while the second works. */
  readonly parts: readonly { readonly revokedAt: string | null }[];
  /** The one app it was minted for. */
  readonly app: AppView | null;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly lastUsedAt: string | null;
  /** The network address of its last use. */
  readonly lastUsedFrom: string | null;
  readonly revokedAt: string | null;
  readonly revokedBy: string | null;
}

/** `GET /api/extensions/:id/tokens?state=active&creator=&app=&cursor=&limit=`. */
export interface TokenListView {
  readonly items: readonly TokenView[];
  /** The `cursor` of the older ones, or null. */
  readonly next: string | null;
}

/** `GET /api/minting`: what a new token can be for and made from, and the names of apps. */
export interface MintingView {
  readonly workspaces: readonly WorkspaceView[];
  readonly presets: readonly PresetView[];
  readonly maxLifetimeSeconds: number;
}

/** One extension's workspace: the organization of its tokens. */
export interface WorkspaceView {
  /** Digits, as text: the organization number in tokens. */
  readonly number: string;
  readonly extensionId: string;
  readonly extensionName: string;
  /** Only admins mint and revoke. */
  readonly role: Role;
  readonly apps: readonly AppView[];
}

/** A named list of caveats. */
export interface PresetView {
  readonly name: string;
  readonly purpose: string;
  readonly needsApp: boolean;
  readonly lifetimeSeconds: number;
}

/** The body of `POST /api/extensions/:id/tokens/mint`. */
export interface MintWish {
  readonly preset: string;
  readonly name: string;
  /** The number of an app, for presets about one. */
  readonly app?: string;
  readonly lifetimeSeconds?: number;
}

/** The one answer that holds a token's text. */
export interface MintedView {
  readonly token: string;
  readonly item: TokenView;
}

/** The body of `POST /api/extensions/:id/tokens/revoke-all`: one of the two. */
export type RevokeAllWish = { readonly creator: string } | { readonly app: string };

/** How many tokens ended, those minted from them included. */
export interface RevokedView {
  readonly done: true;
  readonly tokens: number;
}

/** The body of `POST /api/tokens/report`: the text that was found, which ends with this. */
export interface LeakWish {
  readonly token: string;
  readonly reason?: string;
}

/** Which token the text belonged to; only the reported branch of it ended. */
export interface LeakView {
  readonly id: string;
}

/** One announcement to Fly.io, with all its attempts. */
export interface DeliveryView {
  readonly id: string;
  /** `resource.created`, `resource.updated` or `resource.deleted`. */
  readonly action: string;
  readonly status: 'pending' | 'retrying' | 'delivered' | 'parked';
  readonly attempts: number;
  /** The receiver's last answer, for example 503, or null when it gave none. */
  readonly lastStatus: number | null;
  readonly createdAt: string;
  readonly nextAttemptAt: string | null;
  readonly deliveredAt: string | null;
}

export interface MachineEventView {
  readonly id: string;
  /** For example `io.fly.machine.started`. */
  readonly type: string;
  readonly machineId: string | null;
  readonly status: string | null;
  readonly exit: MachineExitView | null;
  /** How often the same bytes came; `receivedAt` is of the newest. */
  readonly times: number;
  readonly receivedAt: string;
}

/** `GET /api/extensions/:id/usage`: what was metered from the start of the month (UTC) until now. */
export interface UsageView {
  readonly from: string;
  readonly to: string;
  readonly lines: readonly UsageLineView[];
}

export interface UsageLineView {
  readonly meter: string;
  readonly quantity: number;
  readonly unit: string;
}

/** What every list answers with: the newest first. */
export interface ListView<Item> {
  readonly items: readonly Item[];
  /** True when there are older ones that are not listed. */
  readonly more: boolean;
}

/** What a state change answers with. */
export interface DoneView {
  readonly done: true;
}

/** The house form of an error; `code` is the contract, `error` is for people. */
export interface ErrorView {
  readonly error: string;
  readonly code: string;
  readonly request_id: string;
  /** What is wrong with which member of the body. */
  readonly fields?: Readonly<Record<string, string>>;
}
