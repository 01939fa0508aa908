import type { AuditEntry } from '../ports.ts';

/** A deployment of an app, as the client that does it tells of it. */
export interface Release {
  readonly environment: string;
  /** 1, 2, … within its app. */
  readonly version: number;
  readonly imageRef: string;
  readonly strategy: string;
  readonly status: string;
  /** The fly.toml that it is made with, as JSON. Undefined where only the outline was asked for. */
  readonly sealedDefinition: Uint8Array | undefined;
  /** Id of the token that made it. */
  readonly token: string;
  readonly createdAt: Date;
}

/** A release that is about to be made. */
export type NewRelease = Omit<Release, 'version' | 'status' | 'sealedDefinition'> & {
  readonly sealedDefinition: Uint8Array;
};

export const STRATEGIES = ['ROLLING', 'CANARY', 'BLUEGREEN', 'IMMEDIATE', 'ROLLING_ONE', 'SIMPLE'] as const;
export const STATUSES = ['pending', 'running', 'complete', 'failed', 'interrupted'] as const;

/** A release that ended so never became what runs. */
export const ENDED_IN_VAIN: readonly string[] = ['failed', 'interrupted'];
export const IN_PROGRESS: readonly string[] = ['pending', 'running'];

/** Releases of one app that are remembered: flyctl shows the last 25. */
export const KEPT_RELEASES = 50;

/** Where releases are kept: as long as their environment. */
export interface ReleaseStore {
  /** Adds the next one, in status `pending`, and drops the oldest beyond those that are kept. Opens the audit row along with it. */
  addRelease(wanted: NewRelease, kept: number, audit: AuditEntry | undefined): Promise<Release>;
  /** Undefined when there is none of that version. */
  setReleaseStatus(wanted: {
    environment: string;
    version: number;
    status: string;
    at: Date;
    /** The row to open along with it. */
    audit: AuditEntry | undefined;
  }): Promise<Release | undefined>;
  /** Newest first, in outline. */
  releasesOf(environment: string, limit: number): Promise<readonly Release[]>;
  /** With its definition. */
  releaseNumbered(environment: string, version: number): Promise<Release | undefined>;
  /** Of each environment the newest that did not end in vain, in outline. */
  currentReleases(environments: readonly string[]): Promise<readonly Release[]>;
  dropReleases(environment: string): Promise<void>;
}
