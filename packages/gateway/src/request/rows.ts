import type { SchemaName } from '@hangar/flyio';
import { Action, type ActionMask } from '@hangar/macaroon';
import type { QueryParameter } from './query-parameter.ts';
import type { Handler, Method, Reply, Resource, Route, Treatment } from './route.ts';

/** Largest body of a request that carries a machine config: 1 MiB. */
export const CONFIG_BYTES = 1_048_576;
/** Largest body of any other request: 64 KiB. */
const SMALL_BYTES = 65_536;

/** What most rows do not say. */
export interface RouteExtras extends Pick<Route, 'starts' | 'reads' | 'slow' | 'asksOthers'> {
  readonly query?: readonly QueryParameter[];
  readonly body?: SchemaName;
  readonly reply?: Reply;
  readonly repeatable?: boolean;
  readonly feature?: string;
  /** Default: what makes or controls something may cost. */
  readonly costs?: Route['costs'];
}

/** What every row says. */
export type RouteHead = readonly [
  id: string,
  method: Method,
  path: string,
  action: ActionMask,
  resource: Resource,
];

function row(
  [id, method, pattern, action, resource]: RouteHead,
  treatment: Treatment,
  { query = [], repeatable = method === 'GET', feature, costs, starts, reads, slow, asksOthers }: RouteExtras,
): Route {
  const makesOrControls = (action & (Action.create | Action.control)) !== 0;
  return {
    id,
    method,
    pattern,
    action,
    resource,
    treatment,
    query,
    repeatable,
    costs: costs ?? (makesOrControls ? 'may' : 'never'),
    starts,
    reads,
    slow,
    asksOthers,
    machineFeature: feature,
  };
}

/** A row that is sent on, cleaned on both ways. */
export function forward(head: RouteHead, extras: RouteExtras = {}): Route {
  const { body, reply = 'stream' } = extras;
  return row(head, { kind: 'forward', body, reply, maxBodyBytes: SMALL_BYTES }, extras);
}

/** A row that the gateway carries out itself. */
export function handle(
  head: RouteHead,
  handler: Handler,
  extras: RouteExtras & { bytes?: number } = {},
): Route {
  const maxBodyBytes = head[1] === 'GET' ? 0 : (extras.bytes ?? SMALL_BYTES);
  return row(head, { kind: 'handle', handler, maxBodyBytes }, extras);
}

/** A row that is there to say why not. The parameters of its query are named so that they are not what is wrong. */
export function refused(head: RouteHead, sentence: string, query: readonly QueryParameter[] = []): Route {
  return row(head, { kind: 'refuse', sentence }, { costs: 'never', repeatable: false, query });
}
