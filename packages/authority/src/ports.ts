/** A root key of permission tokens as it rests: sealed, numbered, belonging to one workspace. */
export interface SigningKeyRow {
  /** The key id that tokens carry, as eight big-endian bytes. */
  readonly number: bigint;
  readonly workspace: bigint;
  readonly sealed: Uint8Array;
  readonly createdAt: Date;
  /** Set when a newer key took over minting; a retired key still verifies. */
  readonly retiredAt?: Date;
}

/** One of the texts that a token was minted as; every preset but `ssh` makes one. */
export interface TokenPart {
  /** Hex SHA-256 of the tail: how the text is recognised, although it is not kept. */
  readonly digest: string;
  /** Set when this text was revoked by itself; a token whose every part is revoked is revoked. */
  readonly revokedAt?: Date;
  readonly revokedBy?: string;
}

/** Everything the authority remembers about a token; the token itself is never kept. */
export interface TokenRow {
  /** The nonce UUID: one identity for the token and everything attenuated from it. */
  readonly id: string;
  readonly workspace: bigint;
  readonly keyNumber: bigint;
  readonly name: string;
  /** The preset it was made from, or `custom`. */
  readonly preset: string;
  readonly creator: string;
  readonly app?: bigint;
  /** How many mints lie between it and nobody: 1 when no token asked for it. */
  readonly depth: number;
  /** In the order of the text. Empty for tokens recorded before their digests were kept (docs/decisions/0006). */
  readonly parts: readonly TokenPart[];
  /** JSON text with exact numbers. */
  readonly caveats: string;
  /** One sentence per caveat. */
  readonly summary: readonly string[];
  /** Last four characters of the text, so that its owner can tell tokens apart. */
  readonly endsWith: string;
  readonly createdAt: Date;
  /** From then on the token works nowhere: by the windows that always apply. */
  readonly expiresAt: Date;
  readonly lastUsedAt?: Date;
  readonly lastUsedFrom?: string;
  readonly revokedAt?: Date;
  readonly revokedBy?: string;
}

/** One entry of the feed that every verifier follows. */
export interface Revocation {
  /** Place in the feed. Higher numbers become visible later, never earlier. */
  readonly number: bigint;
  readonly workspace: bigint;
  readonly kind: 'token' | 'branch' | 'key';
  /** Nonce UUID, hex SHA-256 of a tail, or key number. */
  readonly value: string;
  /** True for a branch that is one of several texts a token was minted as, the others living on. */
  readonly isPart?: true;
  /** From then on the entry concerns no living token; absent when that is not known. */
  readonly needlessAfter?: Date;
}

/** One copy of a token, by the digest of its tail, and when it is over anyway. */
export interface Branch {
  readonly digest: string;
  readonly expiresAt?: Date;
  /** What it is a copy of. With a revoked one among these it works nowhere already, and needs no entry of its own. */
  readonly of?: {
    readonly token: string;
    readonly key: bigint;
    /** Digests of the copies that it was narrowed from. */
    readonly above: readonly string[];
  };
}

/**
 * The token that allowed a change. When it is revoked before the change is committed, the change does not happen: else
 * a thief's requests that wait in a queue would outlive the end of what they were sent with.
 */
export interface Asker {
  readonly id: string;
  readonly key: bigint;
  /** Digests of every tail on the way to it, its own last. */
  readonly branches: readonly string[];
}

/** What a revocation reaches. */
export type RevocationTarget =
  | { readonly token: string }
  | { readonly branches: readonly Branch[] }
  | { readonly creator: string }
  | { readonly app: bigint }
  | { readonly key: bigint }
  | { readonly everything: true };

/** A sign-in under way at the discharge service. */
export interface FlowRow {
  /** Hex SHA-256 of the secret in the page's address. */
  readonly userDigest: string;
  /** Hex SHA-256 of the secret in the polling address. */
  readonly pollDigest: string;
  readonly ticket: Uint8Array;
  readonly state: 'waiting' | 'ready' | 'refused';
  /** Sealed discharge or sealed sentence of refusal. */
  readonly answer?: Uint8Array;
  readonly startedFrom?: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

/** One reading of the feed: what was revoked since, and the newest numbers of feed and signing keys. */
export interface FeedPage {
  readonly revocations: readonly Revocation[];
  /** Whether there are more behind the last of these. */
  readonly more: boolean;
  /** The number last handed out; lower than before only when an older database was restored. */
  readonly newest: bigint;
  /** The highest key number handed out: a higher one cannot exist, a lower one may. */
  readonly newestKey: bigint;
}

/** How many tokens a workspace may have. */
export interface TokenLimits {
  /** Neither over nor revoked. */
  readonly live: number;
  /** All that are on record: those that are over go first to make room, revoked ones stay as long as they would have lived. */
  readonly recorded: number;
}

/** A token to be recorded. */
export interface NewToken {
  readonly row: TokenRow;
  /** The asking token's id, and the digests of what was narrowed from it; what is above them is found through its own record. */
  readonly ancestors: readonly string[];
  /** Numbers of the keys that must not be revoked: its own and the asking token's. */
  readonly keys: readonly bigint[];
  readonly limits: TokenLimits;
}

/** Why a token was not recorded. */
export type NotRecorded = 'revoked' | 'too_many_live' | 'too_many_recorded';

/** Why nothing was revoked. */
export type NotRevoked = 'asker_revoked' | 'too_many_copies';

/** What an issuer needs a database for. Every function is one committed step. */
export interface IssuerStore {
  /** The key that mints for a workspace now. */
  currentKey(workspace: bigint): Promise<SigningKeyRow | undefined>;
  key(number: bigint): Promise<SigningKeyRow | undefined>;
  /**
   * Adds a key and retires `replaces`. When somebody else was faster, nothing is added and the key
   * that is current now is answered.
   */
  addKey(key: {
    workspace: bigint;
    replaces: bigint | undefined;
    seal: (number: bigint) => Uint8Array;
    at: Date;
  }): Promise<SigningKeyRow>;
  /**
   * A number for a key, for this caller alone, from those that this process took in advance. It was handed out before it
   * is answered, so that the feed's `newestKey` is never behind a key that exists; it may be ahead.
   */
  nextKeyNumber(): Promise<bigint>;
  /** Keys in the order of their numbers, behind the given one. */
  keysAfter(number: bigint, limit: number): Promise<readonly SigningKeyRow[]>;
  /** Seals a key anew, when the sealed bytes are still the given ones. */
  resealKey(number: bigint, from: Uint8Array, to: Uint8Array): Promise<void>;

  /**
   * Records a minted token below its ancestors, if none of them and no key is revoked and the workspace has room
   * for it. Counting and recording are one step, between processes too. Answers why not, or undefined.
   */
  addToken(token: NewToken): Promise<NotRecorded | undefined>;
  token(workspace: bigint, id: string): Promise<TokenRow | undefined>;
  /** Newest first. `before` is the last row of the page before. */
  tokens(query: {
    workspace: bigint;
    apps?: readonly bigint[];
    creator?: string;
    activeAt?: Date;
    before?: { createdAt: Date; id: string };
    limit: number;
  }): Promise<readonly TokenRow[]>;
  /** Gives a token another name and answers its row; undefined when there is none, or why not. */
  renameToken(wish: {
    workspace: bigint;
    id: string;
    name: string;
    asker?: Asker;
  }): Promise<TokenRow | 'asker_revoked' | undefined>;
  /** Moves last use forward, never back; unknown ids are ignored. */
  recordUses(uses: readonly { id: string; at: Date; from: string | undefined }[]): Promise<void>;

  /**
   * Writes the revocations that a target means, with everything minted below it, in one step.
   * Answers the ids of the recorded tokens that died; an empty list when the target names none here. A token named
   * by its id is revoked with or without a record.
   * Repeating it writes nothing new and answers the same, and a copy of what is revoked already, or one that was
   * over before `neededFrom`, leaves no entry: who holds one old text makes as many copies of it as they like. For the
   * same reason a workspace has no more than `maxCopies` entries of copies that no record knows; counting and writing
   * are one step, and what would go beyond changes nothing. No token that exists `at` that time lives longer than
   * `latestEnd`.
   */
  revoke(wish: {
    workspace: bigint;
    target: RevocationTarget;
    by: string;
    reason: string;
    at: Date;
    neededFrom: Date;
    latestEnd: Date;
    maxCopies: number;
    asker?: Asker;
  }): Promise<readonly string[] | NotRevoked>;
  /** The first `limit` entries of the feed behind `number`, oldest first; all of them without one. */
  revokedSince(number: bigint, limit?: number): Promise<FeedPage>;
  /** Forgets entries that concern no living token. */
  pruneRevocations(before: Date): Promise<number>;
  /**
   * Forgets tokens that were over before then, and from what they were minted. Nothing below them lives longer, so
   * no revocation has to find the way through them.
   */
  pruneTokens(before: Date): Promise<number>;
  /** Forgets keys that signed nothing after `retiredBefore`, the current ones excepted. */
  pruneKeys(retiredBefore: Date): Promise<number>;
}

/** Where the discharge service keeps its sign-ins. Every function is one committed step. */
export interface FlowStore {
  addFlow(row: FlowRow): Promise<void>;
  flow(userDigest: string, at: Date): Promise<FlowRow | undefined>;
  /** Settles a waiting flow; false when it is not waiting any more. */
  settleFlow(outcome: {
    userDigest: string;
    state: 'ready' | 'refused';
    answer: Uint8Array;
    by: string;
    at: Date;
  }): Promise<boolean>;
  /** Waiting: answers it. Settled: removes it and answers it, to one caller only. */
  collectFlow(pollDigest: string, at: Date): Promise<FlowRow | undefined>;
  pruneFlows(before: Date): Promise<number>;
}

/** How much of something is allowed. */
export interface RateLimit {
  readonly perMinute: number;
  /** How many at once after a pause. */
  readonly burst: number;
}

/** What a process holds of a limit now, and what is left for all. */
export interface RateSlice {
  /** Whole ones; none when the bucket is empty. */
  readonly granted: number;
  /** Below zero when processes used more than there was, before they heard of each other. */
  readonly remaining: number;
}

/** Token buckets that processes share. Every function is one statement. */
export interface RateSlices {
  /**
   * Pays for what was used, and takes up to half of what is then left, or the last few.
   * @param wanted.used below zero gives back
   * @param wanted.wants false takes nothing
   */
  takeSlice(wanted: {
    counter: string;
    rate: RateLimit;
    used: number;
    wants: boolean;
    now: Date;
  }): Promise<RateSlice>;
  /** Forgets buckets that have been full for long. */
  pruneRates(before: Date): Promise<number>;
}

/** A signed-in person, as far as tickets can ask for one. Built from one login, never merged. */
export interface Identity {
  /** Fly.io's opaque user id; shown and written down, never compared with a caveat. */
  readonly userId: string;
  /** The number ConfineUser asks for and FlyioUserID attests; absent when the person has none. */
  readonly userNumber?: bigint;
  /** Workspace numbers this login may act for; ConfineOrganization asks for one of them. */
  readonly workspaces: readonly bigint[];
  /** Shown on the confirmation page. */
  readonly email?: string;
}

/** What the authority asks about names; every answer stays inside the given workspace. */
export interface Directory {
  workspaceNumber(slug: string): Promise<bigint | undefined>;
  workspaceSlug(workspace: bigint): Promise<string | undefined>;
  appNumber(workspace: bigint, name: string): Promise<bigint | undefined>;
  /** The names of these apps, by number, as far as they are known; asked in one go. */
  appNames(workspace: bigint, apps: readonly bigint[]): Promise<ReadonlyMap<bigint, string>>;
  appOfMachine(workspace: bigint, machine: string): Promise<bigint | undefined>;
  appOfVolume(workspace: bigint, volume: string): Promise<bigint | undefined>;
}
