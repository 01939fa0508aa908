import type { CheckVerdict } from '../machines/machine/checks.ts';
import type { JsonObject } from './json.ts';
import type { Table } from './table.ts';

/** An app of the Machines API (docs/specs/platform.md#apps). */
export interface App {
  readonly id: string;
  readonly number: number;
  readonly name: string;
  readonly organization: string;
  readonly network: string;
  /** What the app is for, when it was made for something: `remote-docker-builder`. */
  readonly role?: string;
  readonly createdAtMs: number;
  /** Set while a deleted app is still visible (deletion is accepted, not done). */
  goneAtMs?: number;
  secretsVersion: number;
  readonly secrets: Table<AppSecret>;
}

export interface AppSecret {
  readonly name: string;
  value: string;
  digest: string;
  readonly createdAtMs: number;
  updatedAtMs: number;
}

export type MachineState =
  | 'created'
  | 'starting'
  | 'started'
  | 'stopping'
  | 'stopped'
  | 'suspending'
  | 'suspended'
  | 'restarting'
  | 'replacing'
  | 'failed'
  | 'destroying'
  | 'destroyed';

export interface MachineEvent {
  readonly id: string;
  readonly type: string;
  readonly status: string;
  readonly source: 'user' | 'flyd';
  readonly timestamp: number;
  readonly request?: JsonObject;
}

/** A state that a machine enters later, all by itself. Data, not code, so that a restart of the simulator goes on with it. */
export interface Step {
  readonly afterMs: number;
  readonly state: MachineState;
  readonly event?: { type: string; status: string; source: 'user' | 'flyd'; request?: JsonObject };
  /** Free-form `data` of the machine event that goes to the provider. */
  readonly data?: JsonObject;
}

export interface Lease {
  nonce: string;
  expiresAtMs: number;
  owner: string;
  description: string;
}

export interface Machine {
  readonly id: string;
  readonly app: string;
  readonly name: string;
  readonly region: string;
  readonly privateIp: string;
  readonly createdAtMs: number;
  updatedAtMs: number;
  state: MachineState;
  instanceId: string;
  config: JsonObject;
  cordoned: boolean;
  /** It gets no secrets of its app. */
  skipsSecrets: boolean;
  /** The app's secrets as they were when it last started: later ones are staged. */
  secrets: Record<string, string>;
  /** By id, oldest first. */
  readonly events: Table<MachineEvent>;
  /** By version, oldest first. */
  readonly versions: Table<{ version: string; user_config: JsonObject }>;
  plan: Step[];
  /** How its checks stand, by name, where that was said. */
  checks?: Record<string, CheckVerdict>;
  lease?: Lease;
}

export interface Volume {
  readonly id: string;
  readonly app: string;
  readonly name: string;
  readonly region: string;
  readonly zone: string;
  readonly encrypted: boolean;
  readonly fstype: string;
  readonly createdAtMs: number;
  sizeGb: number;
  snapshotRetention: number;
  autoBackup: boolean;
  machine?: string;
  readonly snapshots: Table<{ id: string; createdAtMs: number; sizeGb: number }>;
}

export interface Address {
  readonly ip: string;
  readonly app: string;
  readonly type: string;
  readonly region: string;
  readonly serviceName: string;
  readonly organization?: string;
  readonly network?: string;
  /** The machine that calls out from it; absent for one that every machine of the region may use. */
  readonly machine?: string;
  readonly createdAtMs: number;
}

/** A plain token that the simulated Fly.io knows: it may do anything in those organizations. */
export interface PlatformToken {
  readonly id: string;
  readonly organizations: readonly string[];
}

/** A host name of an app, and the certificates for it. */
export interface Certificate {
  readonly app: string;
  readonly hostname: string;
  readonly createdAtMs: number;
  updatedAtMs: number;
  /** Fly.io is to get one from its authority. */
  acme: boolean;
  /** One that the customer brought. Its private key is not kept: nothing here serves TLS. */
  custom?: { readonly issuer: string; readonly expiresAtMs: number };
  /** Set by the control surface: from when on the names of the internet lead here. */
  dnsReadyAtMs?: number;
}

/** A key that never leaves the platform. */
export interface SecretKey {
  readonly app: string;
  readonly name: string;
  readonly type: string;
  readonly createdAtMs: number;
  readonly value: Uint8Array;
}
