/** The provider: made of options, answers HTTP, does its work in tasks. */
export { createProvider, type Extensions, type Provider, type Webhooks } from './provider.ts';
export type { ProviderOptions, Timing } from './options.ts';

/** What the seller writes: the thing being sold. */
export type {
  Config,
  MachineEventContext,
  Prepared,
  ProvisionContext,
  Provisioned,
  Seller,
  SellerContext,
  UpdateContext,
  UsageContext,
  UsageLine,
} from './seller.ts';

/** The domain: one sold resource. */
export type { Extension, ExtensionChanges, Json, JsonObject } from './extension.ts';
export type { DeprovisionAnswer } from './operations/deprovision.ts';
export type { OwnOrder } from './operations/own.ts';

/** People who signed in. */
export type { Login, Logins, Sender } from './sso/logins.ts';

/** Money as exact decimal text, for sellers who compute usage. */
export { formatAmount, multiply, parseAmount } from './billing/amount.ts';

/** What a database must be able to do for the kit. `@hangar/store` has one. */
export type {
  AccountEvidence,
  AccountStore,
  Announcement,
  Attempt,
  Claimed,
  Decision,
  Delivery,
  EndpointState,
  EventSettlement,
  ExtensionRecord,
  ExtensionStore,
  Inserted,
  Introspection,
  LoginAttempt,
  LoginRecord,
  LoginStore,
  LoginTarget,
  MachineEvent,
  MachineEventStore,
  Membership,
  NonceClaim,
  NonceStore,
  NonceUse,
  Operation,
  Organization,
  OutboxStore,
  PendingEvent,
  ProviderStore,
  RecordChange,
  Prolonged,
  SellerRows,
  Settlement,
  SignedInsert,
  SignedInserted,
} from './ports.ts';
