import { HangarError } from '@hangar/http';
import { checkConfig } from '../wire/config-rules.ts';
import type { SignedMessage } from '../wire/guard.ts';
import type { Deps } from '../deps.ts';
import type { ExtensionRecord, NonceClaim } from '../ports.ts';
import { extensionOf } from '../record.ts';
import { readProvision, type ProvisionOrder } from '../wire/provision-request.ts';
import type { Prepared } from '../seller.ts';
import { within } from './lease.ts';
import { newRecord, type Begun } from './provision.ts';

/** Ids of Fly.io's that came here before, at most a megabyte of them. Forgetting one costs a little work, no more. */
const REMEMBERED_IDS = 10_000;

/**
 * The short road: one statement spends the nonce, notes the evidence and stores the record, finished when the seller could
 * prepare it. Undefined for everything unusual (a repeat, a name that is taken): then nothing was written, not even
 * the nonce, and the ordinary road decides.
 * @throws HangarError `unauthorized` when the nonce was used before
 */
export type ShortRoad = (message: SignedMessage, nonce: NonceClaim) => Promise<Begun | undefined>;

/** Builds the short road. An id that came before takes the ordinary one at once: nothing is prepared for a replay. */
export function createShortRoad(deps: Deps): ShortRoad {
  const came = new Set<string>();
  return async (message, nonce) => {
    const order = orderOf(message, deps);
    if (order === undefined || came.has(order.flyId)) return undefined;
    const begun = await provisionAtOnce(order, nonce, deps);
    const [oldest] = came;
    if (came.size >= REMEMBERED_IDS && oldest !== undefined) came.delete(oldest);
    came.add(order.flyId);
    return begun;
  };
}

async function provisionAtOnce(
  order: ProvisionOrder,
  nonce: NonceClaim,
  deps: Deps,
): Promise<Begun | undefined> {
  const { wanted, evidence, flyId } = order;
  const claim = newRecord(wanted, flyId, undefined, deps);
  const prepared = await prepare(claim, deps);
  const record = prepared === undefined ? claim : finished(claim, prepared, deps);
  const { extensions } = deps.options.store;
  switch (await extensions.insertSigned({ record, evidence, nonce, rows: prepared?.rows })) {
    case 'unusual':
      return undefined;
    case 'replayed':
      throw new HangarError('unauthorized', { detail: 'the nonce was used before' });
    case 'overtaken':
      return { tag: 'overtaken', order };
    case 'inserted': {
      if (prepared === undefined) return { tag: 'claimed', order, record };
      prepared.stored?.();
      return { tag: 'created', order, record, config: prepared.config };
    }
  }
}

/** A request that cannot be read has its answer from the ordinary road, after its nonce is spent. */
function orderOf({ members, timestamp }: SignedMessage, deps: Deps): ProvisionOrder | undefined {
  try {
    return readProvision(members, timestamp, deps.options);
  } catch (error) {
    if (error instanceof HangarError) return undefined;
    throw error;
  }
}

/** Preparing may take this part of the time to answer: whoever waits for something has `provision` for it. */
const PREPARING_PART = 1 / 8;

/** What the seller could prepare; when it fails, `provision` fails in the same way or does better, and its answer counts. */
async function prepare(claim: ExtensionRecord, deps: Deps): Promise<Prepared | undefined> {
  const { seller, configKeys } = deps.options;
  if (seller.prepare === undefined) return undefined;
  try {
    const preparing = seller.prepare({ extension: extensionOf(claim), now: claim.createdAt });
    const prepared = await within(deps.timing.answerMs * PREPARING_PART, preparing);
    if (prepared === 'late') {
      deps.log.warn({ extension: claim.id }, 'the seller prepares for too long; it is asked to provision');
      return undefined;
    }
    return prepared && { ...prepared, config: checkConfig(prepared.config, configKeys) };
  } catch (error) {
    deps.log.warn({ extension: claim.id, error }, 'the seller could not prepare; it is asked to provision');
    return undefined;
  }
}

function finished(claim: ExtensionRecord, prepared: Prepared, deps: Deps): ExtensionRecord {
  return {
    ...claim,
    name: prepared.name ?? claim.name,
    flyAppName: prepared.flyAppName,
    status: 'ready',
    provisionedAt: claim.createdAt,
    sealedConfig: deps.sealConfig(claim.id, prepared.config),
    operation: undefined,
    lease: undefined,
  };
}
