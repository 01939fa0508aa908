import type { AuthenticatedCaller } from '@hangar/contract';
import type { RequestContext } from '@hangar/http';
import type { Context } from 'hono';
import type { Asker } from '../ports.ts';
import type { AcceptedToken } from '../read/accepted-token.ts';

/** A caller together with the tokens behind it. */
export interface CallerWithTokens {
  readonly caller: AuthenticatedCaller;
  readonly tokens: readonly [AcceptedToken, ...AcceptedToken[]];
}

/** What Hono hands every route. */
export interface DoorEnv {
  Bindings: { door: RequestContext };
}

/** What routes share. */
export interface Deps {
  /** The verified caller, reduced to one workspace; throws when there is none. */
  caller(c: Context<DoorEnv>, orgSlug?: string): Promise<CallerWithTokens>;
  /** The verified caller, or undefined when no token that holds was sent. */
  callerIfAny(c: Context<DoorEnv>): Promise<CallerWithTokens | undefined>;
  /** The token by which the caller may do this with the workspace's tokens; throws when none allows it. */
  demandTokens(c: Context<DoorEnv>, known: CallerWithTokens, action: number, app?: bigint): Asker;
  /** Throws when this caller asks too often. */
  limited(c: Context<DoorEnv>): void;
  body(c: Context<DoorEnv>): Promise<unknown>;
}
