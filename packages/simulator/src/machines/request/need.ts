import { Action, type ActionMask } from '@hangar/macaroon';

/** What a request of the Machines API needs a macaroon to allow. */
export interface Need {
  readonly action: ActionMask;
  readonly machine?: string;
  readonly volume?: string;
  readonly command?: readonly string[];
}

/** POSTs below a machine that change how it runs; leases count, because flyctl locks before it starts. */
const CONTROLLING: ReadonlySet<string> = new Set(
  'start stop restart suspend signal cordon uncordon lease exec memory'.split(' '),
);

/**
 * The action that a route needs. Fly.io publishes no such list; this is the one table of it
 * (docs/specs/platform.md#token-introspection): reading is `r`, making apps, machines and volumes `c`, changing `w`,
 * removing `d`, running and leasing `C`; a deploy token takes all of them.
 */
export function needOf(method: string, path: string, command?: readonly string[]): Need {
  const [, area, , collection, id, verb] = path.replace(/\/+$/, '').split('/').slice(1);
  const inMachine = collection === 'machines' && id !== undefined && id !== '' ? { machine: id } : {};
  const inVolume = collection === 'volumes' && id !== undefined && id !== '' ? { volume: id } : {};
  const about = { ...inMachine, ...inVolume };
  if (method === 'GET' || method === 'HEAD' || area === 'platform') return { action: Action.read, ...about };
  if (collection === 'deploy_token') return { action: Action.all };
  if (verb !== undefined && CONTROLLING.has(verb) && method !== 'PUT') {
    return { action: Action.control, ...about, command };
  }
  const creates =
    ['machines', 'volumes', undefined].includes(collection) && id === undefined && method === 'POST';
  if (creates) return { action: Action.create, ...about };
  const removes =
    method === 'DELETE' && verb === undefined && collection !== 'secrets' && collection !== 'ip_assignments';
  return { action: removes ? Action.delete : Action.write, ...about };
}
