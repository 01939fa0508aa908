import type { Simulation } from '../../simulation.ts';
import type { Address, App } from '../../world/platform.ts';
import { nextNumber } from '../../world/world.ts';
import { textOf } from '../request/body.ts';
import { invalidArgument, Refusal } from '../request/refusal.ts';
import type { JsonObject } from '../../world/json.ts';

const TYPES: ReadonlySet<string> = new Set(['v4', 'v6', 'shared_v4', 'private_v6', 'egress_v4', 'egress_v6']);

/** The one shared address of the simulation; documentation range, so it can never be reached. */
const SHARED_ADDRESS = '192.0.2.1';

/** The addresses of an app (docs/specs/platform.md#addresses). */
export function addressesOf(simulation: Simulation, app: App): Address[] {
  return [...simulation.world.addresses.values()].filter((one) => one.app === app.name);
}

/** `POST …/ip_assignments`. `private_v6` is a Flycast address, also in another organization's network; with `machine` it is one that only this machine calls out from. */
export function assignAddress(simulation: Simulation, app: App, body: JsonObject, machine?: string): Address {
  const type = textOf(body, 'type');
  if (type === undefined || !TYPES.has(type)) throw invalidArgument(`type ${type ?? ''} is not valid`);
  const slug = textOf(body, 'org_slug');
  if (slug !== undefined && !simulation.world.organizations.has(slug)) {
    throw new Refusal(404, `organization ${slug} not found`);
  }
  const network = textOf(body, 'network');
  const ip = freshAddress(type, nextNumber(simulation.world));
  const address: Address = {
    ip,
    app: app.name,
    type,
    region: textOf(body, 'region') ?? 'global',
    serviceName: textOf(body, 'service_name') ?? '',
    createdAtMs: simulation.clock.nowMs(),
    organization: slug,
    network,
    machine,
  };
  simulation.world.addresses.set(`${app.name} ${ip}`, address);
  return address;
}

/** `DELETE …/ip_assignments/{ip}`. */
export function releaseAddress(simulation: Simulation, app: App, ip: string): void {
  if (!simulation.world.addresses.delete(`${app.name} ${ip}`))
    throw new Refusal(404, `IP address ${ip} not found`);
}

/** Addresses of the documentation ranges; Flycast ones begin with fdaa: as on Fly.io. */
function freshAddress(type: string, number: number): string {
  if (type === 'shared_v4') return SHARED_ADDRESS;
  if (type === 'private_v6') return `fdaa:0:47fb:0:1::${number.toString(16)}`;
  if (type.endsWith('v4')) return `198.51.100.${(number % 254) + 1}`;
  return `2001:db8:0:1::${number.toString(16)}`;
}
