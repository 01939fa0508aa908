/** A deployment of an app, as flyctl reports it. */
export interface Release {
  readonly id: string;
  /** Name. */
  readonly app: string;
  /** 1, 2, … within its app. */
  readonly version: number;
  readonly imageRef: string;
  /** `ROLLING`, `CANARY` and so on, as sent. */
  readonly strategy: string;
  /** The whole configuration file that it was made with, unchanged. */
  readonly definition: unknown;
  /** E-mail of whoever made it. */
  readonly user: string;
  readonly createdAtMs: number;
  /** `pending`, then what its maker reports: `running`, `complete`, `failed`. */
  status: string;
  metadata?: unknown;
}

/** An image build that flyctl announced. Nothing is built here. */
export interface Build {
  readonly id: number;
  readonly app: string;
  readonly startedAtMs: number;
  status: string;
}

/** A login from a terminal that waits for a person, or for its token to be fetched. */
export interface CliSession {
  readonly id: string;
  /** Of the computer. */
  readonly name: string;
  /** Where the browser hands over the code, with the text that proves whose it is; absent when the terminal polls. */
  readonly pkce?: { readonly challenge: string; readonly state: string; readonly port: number };
  readonly expiresAtMs: number;
  /** Who it is, once somebody said so. */
  userId?: string;
  /** What the browser got for the terminal. */
  code?: string;
}
