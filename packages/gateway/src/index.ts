/** What the gateway keeps, and the words for it. */
export type { Environment, Guest, Interval, Machine, Phase, Power, Step, Workspace } from './environment.ts';

/** What the gateway needs from outside: a verifier of tokens, and rows. */
export type {
  AuditEntry,
  ClearRefusal,
  EnvironmentChanges,
  EnvironmentStore,
  NewEnvironment,
  Operation,
  TokenReason,
  TokenVerifier,
  VerifiedCaller,
} from './ports.ts';
