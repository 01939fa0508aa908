import type { Lease } from '@hangar/contract';
import type { UserRole, WebhookAction } from '@hangar/flyio';
import type { Extension, ExtensionChanges, Json } from './extension.ts';

/**
 * What the kit needs from a database. `@hangar/store` implements it on Postgres; anyone may bring another.
 * All coordination between processes goes through it, so every promise below holds across processes.
 */
export interface ProviderStore {
  readonly nonces: NonceStore;
  readonly accounts: AccountStore;
  readonly extensions: ExtensionStore;
  readonly outbox: OutboxStore;
  readonly events: MachineEventStore;
  readonly logins: LoginStore;
}

/** A nonce and the request that it is used by. */
export interface NonceUse {
  readonly nonce: string;
  /** SHA-256 of method, path and signed bytes. */
  readonly digest: string;
}

/** A nonce as a request spends it. */
export interface NonceClaim extends NonceUse {
  readonly expiresAt: Date;
  readonly now: Date;
}

/** Which request nonces were used. */
export interface NonceStore {
  /**
   * One atomic, committed statement: true when the nonce was free, had expired, or was given back by the same request
   * (the same digest), and is ours now.
   */
  consume(claim: NonceClaim): Promise<boolean>;
  /** Gives a nonce back, because our own answer was a failure: to this request when it is repeated, to no other. */
  release(use: NonceUse): Promise<void>;
  /** Forgets what has expired; answers how many. */
  sweep(now: Date): Promise<number>;
}

/** An organization or a user, as Fly.io named it. */
export interface Named {
  readonly id: string;
  readonly name: string | undefined;
  readonly email: string | undefined;
}

/** What a signed request or an introspection says about people. The newest evidence wins. */
export interface AccountEvidence {
  readonly organization: Named;
  readonly user: Named;
  readonly role: UserRole;
  /** When it was true: the signed timestamp. */
  readonly at: Date;
}

/** One organization as we know it. */
export interface Organization {
  readonly id: string;
  readonly name: string | undefined;
}

/** Organizations that exist here because something was provisioned in them or somebody signed in. */
export interface AccountStore {
  organization(id: string): Promise<Organization | undefined>;
  /** Those of `ids` that exist here. */
  knownOrganizations(ids: readonly string[]): Promise<string[]>;
  /** Fly.io listed these organizations of a user at that instant: memberships in any other end. Nothing is made. */
  endUnlisted(userId: string, organizationIds: readonly string[], at: Date): Promise<void>;
}

/** Work on an extension that has begun and not ended; it survives a crash of the process that does it. */
export interface Operation {
  /** `deprovision` ends what customers have; `destroy` waits until the grace is over and then removes the data. */
  readonly kind: 'provision' | 'update' | 'deprovision' | 'destroy' | 'rotate';
  readonly startedAt: Date;
  /** How often the seller's code was started for it. */
  readonly attempt: number;
  /** What the end of it announces to Fly.io; undefined while the answer to Fly.io can still say it. */
  readonly announce: WebhookAction | undefined;
  /** The status to go back to. */
  readonly statusBefore: Extension['status'];
  readonly changes: ExtensionChanges;
}

/** An extension with what only the kit needs to know. */
export interface ExtensionRecord extends Extension {
  readonly requestedName: string;
  /** Digest of the members that make two requests the same (docs/specs/extensions.md#idempotency). */
  readonly fingerprint: string;
  readonly sealedConfig: Uint8Array | undefined;
  readonly operation: Operation | undefined;
  readonly lease: Lease | undefined;
}

/** The fields of a record that may be written after it was inserted. */
export type RecordChange = Partial<Omit<ExtensionRecord, 'id' | 'flyId' | 'organizationId' | 'createdAt'>>;

/** What to do with a record that was read under its lock. Written in one transaction. */
export interface Decision<R> {
  readonly set?: RecordChange;
  /** Adds an announcement for Fly.io in the same transaction. */
  readonly announce?: WebhookAction | undefined;
  readonly evidence?: AccountEvidence;
  /** Removes the record: it was refused before anything came of it. */
  readonly remove?: boolean;
  readonly result: R;
}

/** What became of an insert. */
export type Inserted =
  | { readonly tag: 'inserted'; readonly record: ExtensionRecord }
  | { readonly tag: 'exists'; readonly record: ExtensionRecord }
  | { readonly tag: 'name_taken' };

/** Rows of the seller's own. What they look like is between the seller and the store that is to write them. */
export interface SellerRows {
  readonly kind: string;
}

/** What a signed request wants stored at once. */
export interface SignedInsert {
  readonly record: ExtensionRecord;
  readonly evidence: AccountEvidence;
  readonly nonce: NonceClaim;
  /** The seller's own, in the same statement. */
  readonly rows: SellerRows | undefined;
}

/** What became of it. */
export type SignedInserted =
  /** All of it is stored, and the nonce is spent. */
  | 'inserted'
  /** The nonce was used before; nothing was written. */
  | 'replayed'
  /** Another insert of the id was faster by an instant: the nonce is spent and the evidence noted, nothing else. */
  | 'overtaken'
  /** The id exists, or a name is taken: nothing was written, not even the nonce. */
  | 'unusual';

/**
 * `held`: work on. `cancelled`: still the holder's, but a deletion waits for the work to stop. `lost`: somebody else
 * works on it now.
 */
export type Prolonged = 'held' | 'cancelled' | 'lost';

/** Extensions and the operations on them. */
export interface ExtensionStore {
  /**
   * Inserts a record with its accounts. A unique index on Fly.io's id decides, not a read before: when the id
   * exists, nothing is written and the existing record is answered. Names are unique among the living and those whose
   * data is still there.
   */
  insert(record: ExtensionRecord, evidence: AccountEvidence): Promise<Inserted>;
  /** Spends the nonce of a signed request and inserts, in one committed statement: after a crash all is there, or nothing. */
  insertSigned(insert: SignedInsert): Promise<SignedInserted>;
  find(id: string): Promise<ExtensionRecord | undefined>;
  /**
   * Locks the record, asks `decide` (synchronous and without effects) and writes its decision with its
   * announcement in the same transaction. Undefined when there is no such record.
   */
  change<R>(id: string, decide: (current: ExtensionRecord) => Decision<R>): Promise<R | undefined>;
  /** Writes a later end of the lease, if it is still the holder's. */
  prolong(id: string, lease: Lease): Promise<Prolonged>;
  /** Living extensions, newest first. */
  list(filter: {
    readonly organizationIds?: readonly string[] | undefined;
    readonly limit: number;
    /** Only those after this id in the list, for paging. */
    readonly after?: string | undefined;
  }): Promise<ExtensionRecord[]>;
  /** Records with an operation whose lease is free or has lapsed, oldest first. */
  abandoned(now: Date, limit: number): Promise<ExtensionRecord[]>;
  /** Records that ended in `error` before they were ever usable, and have not changed since `before`. */
  failed(before: Date, limit: number): Promise<ExtensionRecord[]>;
  /**
   * Forgets records that were deleted before the time and of which nothing is left to destroy, with their announcements;
   * then people and organizations that nothing else mentions and nobody vouched for since.
   */
  prune(before: Date): Promise<void>;
  /** Records that were usable at some instant of [from, to), the deleted included, by id. */
  usable(filter: {
    readonly from: Date;
    readonly to: Date;
    readonly organizationId?: string | undefined;
    readonly extensionId?: string | undefined;
  }): Promise<ExtensionRecord[]>;
}

/** One announcement to Fly.io that was not yet delivered. */
export interface Announcement {
  /** Stays the same over all attempts: the `Webhook-Id`. */
  readonly id: string;
  readonly extensionId: string;
  readonly action: WebhookAction;
  readonly createdAt: Date;
  /** Attempts that came before. */
  readonly attempts: number;
  /** Since when the schedule counts: creation, or the moment it was asked for again. */
  readonly scheduledFrom: Date;
  /** True when an operator asked for it again. */
  readonly replay: boolean;
}

/** One attempt to deliver, as it is kept for people to look at. */
export interface Delivery {
  readonly id: string;
  readonly announcementId: string;
  readonly extensionId: string;
  readonly action: WebhookAction;
  readonly attempt: number;
  readonly startedAt: Date;
  readonly durationMs: number;
  /** The receiver's status; undefined when there was no answer. */
  readonly status: number | undefined;
  /** Delivered, or one word why not. */
  readonly outcome: string;
  /** The first 2 KiB of the answer. */
  readonly answer: string;
  readonly replay: boolean;
}

/** What follows from an attempt. */
export type Settlement =
  | { readonly tag: 'delivered' }
  | { readonly tag: 'again'; readonly at: Date }
  | { readonly tag: 'parked'; readonly reason: string };

/** An attempt with what follows from it, for the announcement and for the address. */
export interface Attempt {
  readonly delivery: Delivery;
  readonly next: Settlement;
  /** Present when the attempt says something about the address; of several in one settlement the last one counts. */
  readonly endpoint?: EndpointState | undefined;
}

/** An announcement to be sent now, with the newest snapshot of what it is about. */
export interface Claimed {
  readonly announcement: Announcement;
  readonly extension: ExtensionRecord;
}

/** Whether the address at Fly.io may be used now. */
export interface EndpointState {
  /** Set when Fly.io answered 410: nothing is sent until an operator resumes. */
  readonly stoppedAt: Date | undefined;
  /** Set by 401, 403 and by `Retry-After`. */
  readonly pausedUntil: Date | undefined;
  readonly reason: string | undefined;
}

/** Announcements on their way out. */
export interface OutboxStore {
  /**
   * Takes announcements that are due: of each extension only the oldest pending one, so that order holds.
   * What was taken is not handed to anybody else before `until`. Nothing while the address is stopped or paused; one
   * after that, for as long as nobody knows that it is well again.
   */
  claim(claim: {
    readonly holder: string;
    readonly now: Date;
    readonly until: Date;
    readonly limit: number;
  }): Promise<readonly Claimed[]>;
  /** Records attempts and what follows, in one committed statement; nothing of those whose claim has lapsed meanwhile. */
  settle(holder: string, attempts: readonly Attempt[]): Promise<void>;
  endpoint(): Promise<EndpointState>;
  setEndpoint(state: EndpointState): Promise<void>;
  /** Makes the announcement of a delivery pending again under the same id. False when there is none. */
  requeue(deliveryId: string, now: Date): Promise<boolean>;
  /** Attempts, newest first. */
  deliveries(filter: {
    readonly extensionId?: string | undefined;
    readonly limit: number;
  }): Promise<Delivery[]>;
  /** How many wait, and since when the oldest does. */
  backlog(): Promise<{ readonly pending: number; readonly oldest: Date | undefined }>;
  /** Forgets deliveries and finished announcements older than `before`. */
  sweep(before: Date): Promise<number>;
}

/** One event Fly.io sent about a machine (docs/specs/extensions.md#events). A hint: look before acting on it. */
export interface MachineEvent {
  readonly id: string;
  readonly source: string;
  /** Such as `io.fly.machine.starting`. Unknown types are kept too. */
  readonly type: string;
  readonly machineId: string | undefined;
  readonly status: string | undefined;
  /** Free-form and unauthenticated in its form: never followed, only shown. */
  readonly data: Json;
  /** The `ce-time` as it came; not trusted. */
  readonly time: string | undefined;
  readonly receivedAt: Date;
}

/** An accepted event that waits for the seller's code. */
export interface PendingEvent {
  readonly key: string;
  readonly event: MachineEvent;
  readonly attempts: number;
  /** How often its bytes had come when it was claimed. */
  readonly times: number;
}

/** What follows from handing an event to the seller's code. */
export type EventSettlement =
  /** Done with, unless the same bytes came again since: then they are handled once more, at `again` at the earliest. */
  | { readonly tag: 'handled' | 'given_up'; readonly times: number; readonly again: Date }
  | { readonly tag: 'again'; readonly at: Date };

/** Accepted machine events. */
export interface MachineEventStore {
  /**
   * Stores an event once per digest of its signed bytes; only they tell two events apart, because a stranger can write
   * any headers around them. The same source and id again changes nothing. Another id is counted, and has the event
   * handled again unless it still waits; not before the instant that it was settled with.
   * @param arrival.handled it waits for nobody
   * @returns whether something waits that did not wait before
   */
  accept(arrival: {
    readonly event: MachineEvent;
    readonly digest: string;
    readonly handled: boolean;
  }): Promise<boolean>;
  claim(claim: { readonly now: Date; readonly until: Date; readonly limit: number }): Promise<PendingEvent[]>;
  settle(key: string, next: EventSettlement): Promise<void>;
  recent(filter: { readonly machineId?: string; readonly limit: number }): Promise<MachineEvent[]>;
  sweep(before: Date): Promise<number>;
}

/** Where a sign-in leads: to one extension, to an organization's overview, or to a path of ours. */
export type LoginTarget =
  | { readonly tag: 'extension'; readonly id: string }
  | { readonly tag: 'organization'; readonly id: string }
  | { readonly tag: 'path'; readonly path: string };

/** A sign-in that was started and not finished. */
export interface LoginAttempt {
  readonly stateHash: string;
  readonly sealedVerifier: Uint8Array;
  readonly target: LoginTarget;
  readonly expiresAt: Date;
}

/** A membership as Fly.io last confirmed it. */
export interface Membership {
  readonly organizationId: string;
  readonly role: UserRole;
}

/** One finished sign-in, looked up by the hash of its cookie. */
export interface LoginRecord {
  readonly tokenHash: string;
  readonly userId: string;
  readonly email: string | undefined;
  readonly name: string | undefined;
  readonly memberships: readonly Membership[];
  readonly sealedAccessToken: Uint8Array;
  /** When the memberships were last confirmed by introspection. */
  readonly checkedAt: Date;
  readonly expiresAt: Date;
}

/** What an introspection said, reduced to what we keep. */
export interface Introspection {
  readonly user: Named;
  /** Every organization of the answer; only those known here, and those to be made, are kept. */
  readonly memberships: readonly Membership[];
  /** An organization to create when it is not known yet. */
  readonly createOrganization: string | undefined;
  readonly at: Date;
}

/** Sign-ins. */
export interface LoginStore {
  begin(attempt: LoginAttempt): Promise<void>;
  /** Takes an attempt out; a second call finds nothing. Undefined also when it has expired. */
  take(stateHash: string, now: Date): Promise<LoginAttempt | undefined>;
  /** One transaction: the user, the memberships as of now (those not listed end), the login; `replaces` ends. */
  open(
    login: {
      readonly tokenHash: string;
      readonly sealedAccessToken: Uint8Array;
      readonly expiresAt: Date;
      readonly replaces: string | undefined;
    },
    introspection: Introspection,
  ): Promise<void>;
  find(tokenHash: string, now: Date): Promise<LoginRecord | undefined>;
  /** Writes a repeated introspection of the same login. */
  confirm(tokenHash: string, introspection: Introspection): Promise<void>;
  close(tokenHash: string): Promise<void>;
  sweep(now: Date): Promise<number>;
}
