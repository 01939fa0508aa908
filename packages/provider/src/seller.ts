import type { ExtensionStatus } from '@hangar/flyio';
import type { Extension, ExtensionChanges } from './extension.ts';
import type { MachineEvent, SellerRows } from './ports.ts';

/** The environment variables a customer's app receives. Names are checked against `configKeys`. */
export type Config = Readonly<Record<string, string>>;

/** What the seller's own code made. */
export interface Provisioned {
  readonly config: Config;
  /** Another name than the one asked for, when the seller had to choose one. */
  readonly name?: string;
  /** The Fly.io app that Flycast traffic goes to (docs/specs/extensions.md#provision). */
  readonly flyAppName?: string;
}

/** What `prepare` made ready. */
export interface Prepared extends Provisioned {
  readonly rows?: SellerRows;
  /** Called once, when all of it is stored. Must not throw. */
  readonly stored?: () => void;
}

/** What every call of the seller's code is told. */
export interface SellerContext {
  readonly extension: Extension;
  /** Aborted when the time is over, or when the work was made needless by a deletion. */
  readonly signal: AbortSignal;
  readonly now: Date;
}

/** What `provision` is told. It may be called again for the same extension, after a crash or a failure. */
export interface ProvisionContext extends SellerContext {
  /** 1 for the first call for this extension, then counting. */
  readonly attempt: number;
  /** The config that an earlier call already settled on, and that customers may hold; undefined when there is none. */
  readonly answered: Config | undefined;
  /**
   * Settles the answer to Fly.io while the work goes on. Fly.io reads `config` from the first answer only
   * (docs/specs/extensions.md#provision), so code that needs more than four seconds must call this as soon as it
   * knows what the config will be. The resolved promise means it is stored.
   */
  answer(provisioned: Provisioned): Promise<void>;
}

/** What `cutOff` is told. */
export interface CutOffContext extends SellerContext {
  /** When `deprovision` will be called. */
  readonly destroyAt: Date;
}

/** What `update` is told. */
export interface UpdateContext extends SellerContext {
  readonly changes: ExtensionChanges;
  /** The extension as it will be. */
  readonly next: Extension;
}

/** What `usage` is asked: one extension, within one UTC day. */
export interface UsageContext extends SellerContext {
  readonly from: Date;
  readonly to: Date;
}

/** One metered line. Money and quantities are decimal texts with at most ten places, never floats. */
export interface UsageLine {
  /** Stable name of what was metered, such as `compute.vcpu_seconds`. One line per meter and start. */
  readonly meter: string;
  readonly description: string;
  readonly quantity: string;
  readonly unit: string;
  readonly unitPrice: string;
  /** Default: the whole span that was asked for. */
  readonly from?: Date;
  readonly to?: Date;
  readonly category?: 'usage' | 'subscription' | 'credit' | 'adjustment' | 'tax';
}

/** What `onMachineEvent` may do besides looking. */
export interface MachineEventContext {
  readonly signal: AbortSignal;
  readonly now: Date;
  /** Changes an extension's status and tells Fly.io, if it is another one. */
  setStatus(id: string, status: ExtensionStatus, detail?: string): Promise<boolean>;
}

/**
 * The seller's own code: what is being sold. Everything is called outside any transaction and may be called
 * again for the same extension, so it should find what it made before. To refuse with a sentence for
 * the customer, throw a `HangarError` such as `plan_required` or `region_unavailable`; anything else that is
 * thrown is a failure, and the customer hears that the provider could not complete it.
 */
export interface Seller {
  /**
   * For sellers whose resource is nothing but rows and a config: makes both, with no effect, so that the kit stores them
   * with its own in one statement. It may have been in vain: then nothing was stored, and `provision` is asked. So it is
   * when this returns undefined, throws, or takes more than an eighth of the time to answer.
   */
  prepare?(context: Pick<SellerContext, 'extension' | 'now'>): Promise<Prepared | undefined>;
  provision(context: ProvisionContext): Promise<Provisioned | void>;
  /** Without it, nothing about an extension can be changed. */
  update?(context: UpdateContext): Promise<Partial<Provisioned> | void>;
  /**
   * Ends all access to what was sold, at once: credentials stop working, and nothing is lost yet. `deprovision` destroys
   * the data when the grace is over. Without it there is no grace, and `deprovision` is called at once.
   */
  cutOff?(context: CutOffContext): Promise<void>;
  /** Removes everything `provision` made, also after only half of it was made, also a second time. */
  deprovision(context: SellerContext): Promise<void>;
  /** Looked at once a minute: lets the status follow what the service itself knows. */
  status?(
    context: SellerContext,
  ): Promise<{ readonly status: ExtensionStatus; readonly detail?: string } | undefined>;
  usage?(context: UsageContext): Promise<readonly UsageLine[]>;
  /** Makes new credentials; the old ones should live until customers had time to deploy. */
  rotate?(context: SellerContext): Promise<Provisioned>;
  onMachineEvent?(event: MachineEvent, context: MachineEventContext): Promise<void>;
}
