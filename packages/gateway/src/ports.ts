import type { Lease, SpendLimit } from '@hangar/contract';
import type { Result } from '@hangar/http';
import type { ReleaseStore } from './clients/release.ts';
import type { Environment, Guest, Interval, Machine, Phase, Step, Workspace } from './nouns.ts';

/**
 * Ends the tokens that were minted for one app, and what was minted or narrowed from them. It may be called again after
 * a crash, so it has to be one committed step that does nothing the second time.
 */
export type RevokeAppTokens = (wanted: { readonly workspace: bigint; readonly app: bigint }) => Promise<void>;

/** What is decided about an environment before anything is made upstream. */
export type NewEnvironment = Pick<
  Environment,
  | 'id'
  | 'workspace'
  | 'name'
  | 'network'
  | 'bucket'
  | 'keyName'
  | 'policyName'
  | 'createdByToken'
  | 'createdByBranch'
  | 'createdAt'
  | 'key'
  | 'role'
  | 'class'
  | 'labels'
  | 'expiresAt'
> & {
  readonly lease: Lease;
  /** Opened with the row. */
  readonly audit?: AuditEntry | undefined;
  /** The branches that it is made under, all of which it counts for. */
  readonly branches: readonly string[];
  /** A name whose environment ended after this is still held against other workspaces. */
  readonly heldSince: Date;
};

/** How many environments may be alive: in the workspace, and under branches. */
export interface LiveLimits {
  readonly workspace: number;
  readonly branches: readonly { readonly branch: string; readonly maxLive: number }[];
}

/** Why a name could not be taken. */
export type ReserveReason =
  | { readonly tag: 'name_in_use'; readonly holder: Environment }
  | { readonly tag: 'workspace_closed' }
  /** Its environment is gone, but too short a time ago for another workspace to have the name. */
  | { readonly tag: 'name_held' }
  | { readonly tag: 'key_held' }
  | { readonly tag: 'quota_used'; readonly limit: number }
  | { readonly tag: 'branch_quota_used'; readonly branch: string; readonly limit: number };

/** What a policy counts within one environment. */
export type QuotaKind = 'machines' | 'volumes' | 'addresses';

/** A volume that is to have, or may come to have, at least this size. */
export interface VolumeGrowth {
  readonly volume: string;
  readonly toGb: number;
}

/** Places wanted in one quota, and how many there are. */
export interface QuotaWish {
  readonly kind: QuotaKind;
  readonly count: number;
  readonly most: number;
  /** Disks, in GB together; a volume that is to grow counts with what it grows by. */
  readonly gigabytes?: number;
  readonly mostGigabytes?: number;
  readonly grows?: readonly VolumeGrowth[];
}

/** Why no place was had. */
export type QuotaReason =
  | { readonly tag: 'used'; readonly kind: QuotaKind; readonly limit: number; readonly held: number }
  | {
      readonly tag: 'gigabytes_used';
      readonly kind: 'volumes';
      readonly limit: number;
      readonly held: number;
    }
  /** It is not known how many there are: upstream has to be asked, and `recount` told. */
  | { readonly tag: 'uncounted'; readonly kind: QuotaKind };

/** A volume in a list of upstream's. */
export interface ListedVolume {
  readonly id: string;
  readonly sizeGb: number;
  /** One that no machine holds cannot grow by itself. */
  readonly isMounted: boolean;
}

/** What there is in an environment upstream, by a list that was just read. */
export type Recount =
  | { readonly kind: 'machines' }
  | {
      readonly kind: 'volumes';
      readonly volumes: readonly ListedVolume[];
    }
  | { readonly kind: 'addresses'; readonly addresses: readonly string[] };

/** Says why a budget does not allow what is about to start, or undefined. */
export type SpendJudge = (
  limit: SpendLimit,
  ran: readonly Interval[],
  starting: readonly Guest[],
) => string | undefined;

/** What a step may learn or settle. */
export interface EnvironmentChanges {
  readonly phase?: Phase;
  readonly numericId?: bigint;
  readonly upstreamId?: string;
  readonly accessKeyId?: string;
  readonly sealedSecretKey?: Uint8Array;
  readonly policyArn?: string;
  readonly flycastAddress?: string;
  readonly journal?: readonly Step[];
  readonly failure?: string;
  readonly readyAt?: Date;
  readonly deleteAfter?: Date;
  readonly deletedAt?: Date;
  /** What is no longer so. */
  readonly forgets?: readonly ('accessKeyId' | 'sealedSecretKey' | 'policyArn' | 'deleteAfter')[];
}

/** A row of the audit trail. */
export interface AuditEntry {
  readonly at: Date;
  readonly workspace: bigint | undefined;
  readonly tokenId: string | undefined;
  readonly branch: string | undefined;
  /** The route's id, such as `machines.start`. */
  readonly action: string;
  readonly resource: string;
  /** `ok`, or the error code. */
  readonly outcome: string;
  readonly status: number;
  readonly requestId: string;
  readonly upstreamRequestId: string | undefined;
  /** Names what it has in common with a row that it would repeat; undefined for a row of its own. */
  readonly sameAs: string | undefined;
  /** Names the row that a change has opened with its own; undefined for one that is written when all is over. */
  readonly openKey: string | undefined;
  /** How often it was said, up to `lastAt`. */
  readonly count: number;
  readonly lastAt: Date;
}

/** An Idempotency-Key in use. */
export interface Operation {
  /** Goes into the machine's metadata, so that a lost answer can be found again. */
  readonly id: string;
  readonly state: 'running' | 'done';
  readonly requestHash: string;
  readonly status: number | undefined;
  readonly sealedResponse: Uint8Array | undefined;
  readonly createdAt: Date;
}

/**
 * What a request is to the operation it names: the `first` to use the key, the `successor` of one that ended without
 * an answer, or a `bystander` while another one works or after it has finished.
 */
export type OperationRole = 'first' | 'successor' | 'bystander';

/** Something that may be remembered between requests has changed. */
export interface Change {
  readonly kind: 'environment' | 'workspace' | 'machine';
  /** The id, of a workspace its number. */
  readonly subject: string;
}

/** A page of the feed of changes. */
export interface ChangePage {
  /** The next page begins here: all that came before has been on a page. */
  readonly horizon: bigint;
  readonly changes: readonly Change[];
  /** More has changed than a page holds. */
  readonly isCut: boolean;
  /** When it was read, by the clock of the database; it keeps a change for an hour. */
  readonly readAt: Date;
}

/**
 * What the gateway keeps. Each method is one statement or one transaction, so that several Hangar processes can share
 * the rows; nothing here talks to the network.
 */
export interface EnvironmentStore extends ReleaseStore {
  /** The workspace of an extension, made on first use. A second call returns the first one's row. */
  openWorkspace(wanted: Omit<Workspace, 'number' | 'closedAt'>): Promise<Workspace>;
  /** A number for a workspace that somebody else will store, for this caller alone. */
  nextWorkspaceNumber(): Promise<bigint>;
  workspace(number: bigint): Promise<Workspace | undefined>;
  workspaceOfExtension(extensionId: string): Promise<Workspace | undefined>;
  closeWorkspace(number: bigint, at: Date): Promise<void>;

  /**
   * Takes the name, in phase `provisioning` and leased to the caller; or says who holds it. Quotas are counted, and the
   * branches written down, in the same transaction, so that two requests can't both take the last place.
   */
  reserve(wanted: NewEnvironment, limits: LiveLimits): Promise<Result<Environment, ReserveReason>>;
  environment(id: string): Promise<Environment | undefined>;
  /** What an effect depends on, as it is now and in one look: the environment's row, and whether its workspace is closed. */
  standing(id: string): Promise<{ phase: Phase; generation: number; closed: boolean } | undefined>;
  /** The environment that holds the name now. */
  environmentNamed(name: string): Promise<Environment | undefined>;
  /** Oldest first. Tombstones only when they died after `deadSince`. */
  environmentsOf(workspace: bigint, deadSince?: Date): Promise<readonly Environment[]>;
  /** All whose machines may run, of every workspace, for the sweep over them: in its grace an environment keeps them. */
  environmentsWithMachines(): Promise<readonly Environment[]>;
  /** Those that are `ready` and past their time. */
  expiredEnvironments(wanted: { now: Date; limit: number }): Promise<readonly Environment[]>;
  /** What runs in the environment counts for these branches from now on; false when it counts for too many already. */
  countFor(wanted: { environment: string; branches: readonly string[]; at: Date }): Promise<boolean>;
  /**
   * Takes the lease of an environment if it is free or over and the environment is in one of the phases; changes the row
   * along with it.
   */
  claim(wanted: {
    id: string;
    lease: Lease;
    now: Date;
    from: readonly Phase[];
    changes: Pick<EnvironmentChanges, 'phase' | 'deleteAfter'>;
    /** Opened with the change. */
    audit?: AuditEntry | undefined;
  }): Promise<Environment | undefined>;
  /** Takes the leases of unfinished environments that nobody works on. */
  claimUnfinished(wanted: { lease: Lease; now: Date; limit: number }): Promise<readonly Environment[]>;
  /** Writes while holding the lease and prolongs it; undefined when it was lost, and for `ready` in a closed workspace. */
  record(wanted: {
    id: string;
    lease: Lease;
    now: Date;
    changes: EnvironmentChanges;
    /** Opened with the change. */
    audit?: AuditEntry | undefined;
  }): Promise<Environment | undefined>;
  /** Gives the lease back, with a time before which the recovery task shall not try again. */
  release(wanted: { id: string; holder: string; notBefore: Date | undefined }): Promise<void>;

  machine(id: string): Promise<Machine | undefined>;
  machinesOf(environment: string): Promise<readonly Machine[]>;
  machinesIn(workspace: bigint): Promise<readonly Machine[]>;
  /** Writes the machine and its running times together; an interval is found again by machine and start. */
  saveMachine(machine: Machine, intervals: readonly Interval[]): Promise<void>;
  /** Running times of a workspace that touch the span. */
  intervalsIn(wanted: { workspace: bigint; from: Date; to: Date }): Promise<readonly Interval[]>;
  /** Running times that count for a branch and touch the span, without what was before they did. */
  intervalsUnder(wanted: {
    workspace: bigint;
    branch: string;
    from: Date;
    to: Date;
  }): Promise<readonly Interval[]>;
  /** The running time of a machine that began last, ended or not. */
  latestInterval(machine: string): Promise<Interval | undefined>;
  /** Ends what still runs in an environment, and marks all that it had as gone. */
  closeMachines(environment: string, at: Date): Promise<void>;

  volumeOwner(id: string): Promise<string | undefined>;
  saveVolume(volume: {
    id: string;
    environment: string;
    at: Date;
    sizeGb?: number | undefined;
    /** What it may grow to by itself. */
    growsToGb?: number | undefined;
  }): Promise<void>;
  volumeGone(id: string, at: Date): Promise<void>;
  /** How many volumes each environment has; none is not in the map. */
  volumeCounts(environments: readonly string[]): Promise<ReadonlyMap<string, number>>;
  saveAddress(address: { address: string; environment: string; at: Date }): Promise<void>;
  addressGone(address: { address: string; environment: string }): Promise<void>;

  /**
   * Takes the places wanted, all or none, until they are settled or the time is over. What there is and what is being made
   * are counted under the lock of the environment's row, so that two requests can't both take the last place, in whichever
   * processes they are.
   *
   * @param wanted.id of the operation; a machine that carries it as its mark is not counted twice
   * @param wanted.counted upstream was asked just now: what is still not known counts as nothing
   */
  reservePlaces(wanted: {
    id: string;
    environment: string;
    wishes: readonly QuotaWish[];
    now: Date;
    until: Date;
    counted: boolean;
  }): Promise<Result<true, QuotaReason>>;
  /** Gives places back: what was made has been saved, or nothing was made. */
  settlePlaces(wanted: { id: string; environment: string }): Promise<void>;
  /** Sets the rows right by what upstream has, and drops reservations past their time. */
  recount(wanted: { environment: string; now: Date; listedAt: Date; seen: Recount }): Promise<void>;

  /**
   * Lets a start count for the budgets of branches at once, if the judge has nothing against it; it sees what ran for a branch
   * and what has just been let start, this one included. Under the lock of the workspace's row.
   */
  holdSpend(wanted: {
    workspace: bigint;
    now: Date;
    hold: { readonly environment: string; readonly guest: Guest; readonly until: Date } | undefined;
    limits: readonly { readonly limit: SpendLimit; readonly from: Date }[];
    judge: SpendJudge;
  }): Promise<{ readonly limit: SpendLimit; readonly why: string } | undefined>;

  /** Starts an operation, takes over one whose lease has lapsed, or returns it as it stands. */
  beginOperation(wanted: {
    workspace: bigint;
    key: string;
    id: string;
    requestHash: string;
    now: Date;
    lease: Lease;
  }): Promise<{ role: OperationRole; operation: Operation }>;
  finishOperation(wanted: {
    workspace: bigint;
    key: string;
    holder: string;
    status: number;
    sealedResponse: Uint8Array;
    /** Ended, or written, with it. */
    audit?: AuditEntry | undefined;
  }): Promise<void>;
  /** Says that an operation is still at work; false when another holder has taken it over. */
  prolongOperation(wanted: { workspace: bigint; key: string; lease: Lease }): Promise<boolean>;
  /** Lets the next request with this key take over at once. */
  leaveOperation(wanted: { workspace: bigint; key: string; holder: string; now: Date }): Promise<void>;
  /** Frees a key whose request was refused without any effect. */
  forgetOperation(wanted: { workspace: bigint; key: string; holder: string }): Promise<void>;
  /** Deletes finished operations from before the time. */
  dropOperations(before: Date): Promise<number>;

  /**
   * Forgets machines and volumes that were gone before the time, and holds of budgets that are over. Running times stay:
   * they are what was billed.
   */
  pruneParts(wanted: { before: Date; now: Date }): Promise<void>;
  /**
   * Forgets environments that were gone before the time with all that hangs on them, and closed workspaces of which nothing
   * else is left. Running times stay.
   */
  pruneTombstones(before: Date): Promise<void>;

  /** Writes a row. One that repeats a row of the last minute, by its `sameAs`, only raises that row's count. */
  writeAudit(entries: readonly AuditEntry[]): Promise<void>;
  /** Deletes rows from before the time, a batch of them; says how many. */
  dropAudit(wanted: { before: Date; limit: number }): Promise<number>;

  /**
   * What has changed since a horizon, some of it perhaps for the second time; without one, where the feed stands now. Every
   * change is in the feed from the commit that makes it.
   */
  changesSince(horizon: bigint | undefined): Promise<ChangePage>;
  /** Deletes changes that are an hour old, by the database's own clock: nobody reads them any more. */
  dropChanges(): Promise<void>;
}
