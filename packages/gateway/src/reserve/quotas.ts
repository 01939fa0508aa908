import type { HangarError } from '@hangar/http';
import { isGone } from '../nouns.ts';
import type { AppExchange, HandlerDeps } from '../upstream/exchange.ts';
import type { OperationFacts } from './idempotency.ts';
import { isVolumeGone, noteGone, noteMachine } from '../metering/observe.ts';
import { listedAddresses, listedVolumes, listedMachines } from '../upstream/app-lists.ts';
import { policyError } from '../policy/policy-checks.ts';
import type { EnvironmentPolicy } from '../policy/policy.ts';
import type { QuotaReason, QuotaWish, VolumeGrowth, QuotaKind } from '../ports.ts';

/**
 * How long places are held for something that is being made. Longer than any call upstream may take, or a place would be
 * given away while its machine is on the way; whoever dies in between costs the app a place for that long.
 */
const HOLD_MS = 120_000;

/** Each kind is counted at most once per request; one more and somebody keeps dying. */
const MOST_COUNTS = 3;

/** What one request is about to make in an environment. */
export interface Wanted {
  readonly machines?: number;
  /** New volumes, by their sizes in GB. */
  readonly volumes?: readonly number[];
  readonly grows?: readonly VolumeGrowth[];
  readonly addresses?: number;
}

/**
 * Runs what makes something upstream while its places in the quotas are held. They are given back when it has been saved
 * or was refused; when nobody knows whether it was made, they are held until their time is over, and upstream is asked
 * then.
 *
 * @param operation its id names what is made; the same operation again takes the same places, and a refusal of that says
 *   nothing about what the first one made
 * @param isKnown whether the outcome says what became of it; one that is not thrown usually does
 * @throws HangarError `policy_denied` naming the limit
 */
export async function withPlaces<T>(
  {
    exchange,
    operation: { id, repeated },
    wanted,
  }: {
    exchange: AppExchange;
    operation: Pick<OperationFacts, 'id' | 'repeated'>;
    wanted: Wanted;
  },
  deps: HandlerDeps,
  make: () => Promise<T>,
  isKnown: (made: T) => boolean = () => true,
): Promise<T> {
  const wishes = wishesOf(wanted, deps.policy);
  if (wishes.length === 0) return await make();
  await takePlaces(exchange, id, wishes, deps);
  const settle = async (): Promise<void> =>
    await deps.store.settlePlaces({ id, environment: exchange.environment.id });
  try {
    const made = await make();
    if (isKnown(made)) await settle();
    return made;
  } catch (error) {
    if (!repeated && !exchange.mayHaveWritten)
      await settle().catch((failure: unknown) => {
        deps.log.warn(
          { operation: id, err: failure },
          'places that nothing was made in could not be given back',
        );
      });
    throw error;
  }
}

function wishesOf(
  { machines = 0, volumes = [], grows = [], addresses = 0 }: Wanted,
  policy: EnvironmentPolicy,
): readonly QuotaWish[] {
  const wishes: QuotaWish[] = [];
  if (machines > 0)
    wishes.push({ kind: 'machines', count: machines, most: policy.maxMachinesPerEnvironment });
  if (volumes.length > 0 || grows.length > 0) {
    wishes.push({
      kind: 'volumes',
      count: volumes.length,
      most: policy.maxVolumesPerEnvironment,
      gigabytes: volumes.reduce((sum, size) => sum + size, 0),
      mostGigabytes: policy.maxTotalVolumeGb,
      grows,
    });
  }
  if (addresses > 0)
    wishes.push({ kind: 'addresses', count: addresses, most: policy.maxAddressesPerEnvironment });
  return wishes;
}

async function takePlaces(
  exchange: AppExchange,
  id: string,
  wishes: readonly QuotaWish[],
  deps: HandlerDeps,
): Promise<void> {
  for (let counts = 0; ; counts += 1) {
    const now = deps.now();
    const until = new Date(now.getTime() + HOLD_MS);
    const counted = counts >= MOST_COUNTS;
    const taken = await deps.store.reservePlaces({
      id,
      environment: exchange.environment.id,
      wishes,
      now,
      until,
      counted,
    });
    if (taken.ok) return;
    const { reason } = taken;
    if (reason.tag !== 'uncounted' && (counted || !mayBeLess(reason.kind, exchange, deps)))
      throw refusalOf(reason);
    await countUpstream(reason.kind, exchange, deps);
  }
}

/**
 * Nobody tells us of volumes and addresses that end behind the gateway's back, or of a deletion whose answer was lost: so
 * nothing is refused by rows alone. Machines are looked at all the time.
 */
function mayBeLess(kind: QuotaKind, { environment }: AppExchange, { countAges, now }: HandlerDeps): boolean {
  return kind !== 'machines' && countAges.isOld(environment.id, kind, now());
}

/** A machine that was made this recently may be missing in a list. */
const LIST_LAG_MS = 60_000;

/** Asks upstream what there is, and sets the rows right by it. */
export async function countUpstream(
  kind: QuotaKind,
  exchange: AppExchange,
  deps: HandlerDeps,
): Promise<void> {
  const { store, now } = deps;
  const environment = exchange.environment.id;
  const listedAt = now();
  switch (kind) {
    case 'machines': {
      await countMachines(exchange, listedAt, deps);
      return await store.recount({ environment, listedAt, now: now(), seen: { kind } });
    }
    case 'volumes': {
      const volumes = (await listedVolumes(exchange))
        .filter(({ state }) => !isVolumeGone(state ?? ''))
        .map(({ id, size_gb: size, attached_machine_id: machine }) => ({
          id,
          sizeGb: size ?? 0,
          isMounted: Boolean(machine),
        }));
      return await store.recount({ environment, listedAt, now: now(), seen: { kind, volumes } });
    }
    case 'addresses': {
      const addresses = await listedAddresses(exchange);
      return await store.recount({ environment, listedAt, now: now(), seen: { kind, addresses } });
    }
  }
}

async function countMachines(exchange: AppExchange, listedAt: Date, deps: HandlerDeps): Promise<void> {
  const environment = exchange.environment.id;
  const listed = await listedMachines(exchange);
  for (const machine of listed) await noteMachine(machine, environment, deps);
  const ids = new Set(listed.map(({ id }) => id));
  for (const machine of await deps.store.machinesOf(environment)) {
    const settled = machine.createdAt.getTime() < listedAt.getTime() - LIST_LAG_MS;
    if (settled && !ids.has(machine.id) && !isGone(machine.state)) await noteGone(machine, deps);
  }
}

function refusalOf(reason: Exclude<QuotaReason, { tag: 'uncounted' }>): HangarError {
  if (reason.tag === 'gigabytes_used') {
    return policyError(
      'size_gb',
      'volumes.max_total_gb',
      reason.limit,
      `the volumes of the app have ${reason.held} GB of the ${reason.limit} GB that they may have together`,
    );
  }
  const rules = {
    machines: 'machines.max_per_environment',
    volumes: 'volumes.max_per_environment',
    addresses: 'addresses.max_per_environment',
  } as const;
  const { kind, limit } = reason;
  return policyError(kind, rules[kind], limit, `the app may have ${limit} ${kind} and has them already`);
}
