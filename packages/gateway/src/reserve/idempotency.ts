import { newLease, withLease, type Lease } from '@hangar/contract';
import { asHangarError, HangarError } from '@hangar/http';
import { sha256Hex } from '@hangar/security';
import type { Exchange, HandlerDeps } from '../upstream/exchange.ts';
import type { Answer } from '../answer/respond.ts';
import { newUlid } from '../rules/naming.ts';
import { sleep } from '../deps.ts';
import type { AuditEntry, OperationRole, Operation } from '../ports.ts';
import { HEARTBEAT_MS, LEASE_MS } from '../making/saga.ts';

const KEY_FORM = /^[\x21-\x7e]{1,255}$/;

/** How long a repeated request waits for the first one's answer before it is asked to come back. */
const WAIT_TRIES = 50;
const WAIT_PAUSE_MS = 200;
export const LONGEST_WAIT_MS = WAIT_TRIES * WAIT_PAUSE_MS;

/** What an operation must know about itself. */
export interface OperationFacts {
  /** Marks what is made, so that it is found again. */
  readonly id: string;
  /** When the first request with this key began; undefined without a key. */
  readonly since: Date | undefined;
  /** An earlier request with this key ended without an answer: look before repeating. */
  readonly repeated: boolean;
}

/** An answer, and whether it is an earlier one given again. */
export interface OnceAnswer extends Answer {
  readonly replayed: boolean;
}

/**
 * Runs an operation at most once per `Idempotency-Key`. The same key with another request is 409; the same request
 * again gets the same answer. An answer is kept sealed, since a machine's config may hold what its owner put into
 * plain variables.
 */
export async function once(
  exchange: Exchange,
  deps: HandlerDeps,
  run: (operation: OperationFacts) => Promise<Answer>,
): Promise<OnceAnswer> {
  const { whole, caller, plan, environment } = exchange;
  const { store } = deps;
  const id = newUlid(deps.now());
  const key = whole.headers.get('idempotency-key');
  if (key === null) return { ...(await run({ id, since: undefined, repeated: false })), replayed: false };
  if (!KEY_FORM.test(key))
    throw new HangarError('bad_request', { public: 'Idempotency-Key: 1 to 255 visible characters' });
  const workspace = caller.workspace.number;
  const named = { workspace, key };
  const place = `gateway_operations/sealed_response/${workspace}/${key}`;
  // The branch is part of it, since an answer is only ever given again to the token that got it; and the environment
  // is, since its name may be another one's by the next request.
  const path = `${Object.values(plan.params).join('/')} ${environment?.id ?? ''}`;
  const subject = `${plan.route.id} ${path} ${caller.verified.branch}`;
  const requestHash = sha256Hex(`${subject} ${sha256Hex(whole.bytes)}`);

  for (let tries = 0; tries < WAIT_TRIES; tries += 1) {
    const now = deps.now();
    const lease = newLease(now, LEASE_MS);
    const { role, operation } = await store.beginOperation({ ...named, id, requestHash, now, lease });
    if (operation.requestHash !== requestHash) {
      throw new HangarError('conflict', {
        public: 'this Idempotency-Key was used for another request',
        extra: { reason: 'idempotency_mismatch' },
      });
    }
    // While this request waited, its token and its app may have ended.
    if (tries > 0 && (role !== 'bystander' || operation.state === 'done')) await checkOrLeave(role, lease);
    if (role !== 'bystander') return await settle(operation, lease, role === 'successor');
    if (operation.state === 'done') return replay(operation);
    await sleep(WAIT_PAUSE_MS);
  }
  throw new HangarError('conflict', {
    public: 'the first request with this key is still at work',
    retryAfterSeconds: 5,
  });

  async function checkOrLeave(role: OperationRole, { holder }: Lease): Promise<void> {
    try {
      await exchange.checkAfterWait();
    } catch (error) {
      if (role !== 'bystander') await store.leaveOperation({ ...named, holder, now: deps.now() });
      throw error;
    }
  }

  async function settle(operation: Operation, lease: Lease, repeated: boolean): Promise<OnceAnswer> {
    const { holder } = lease;
    const prolong = async (_: string, next: Lease) => await store.prolongOperation({ ...named, lease: next });
    const options = { lease, leaseMs: LEASE_MS, beatMs: HEARTBEAT_MS, now: deps.now, log: deps.log };
    try {
      const answer = await withLease({ prolong }, operation.id, options, async (lost) => {
        exchange.workUntil(lost);
        return await run({ id: operation.id, since: operation.createdAt, repeated });
      });
      const sealedResponse = deps.sealer.seal(JSON.stringify(answer.json ?? null), place);
      const { status } = answer;
      const finish = async (audit?: AuditEntry): Promise<void> =>
        await store.finishOperation({ ...named, holder, status, sealedResponse, audit });
      await (exchange.change ? exchange.change.end(status, finish) : finish());
      return { ...answer, replayed: false };
    } catch (error) {
      await giveUp(error, holder, repeated).catch((failure: unknown) => {
        deps.log.warn(
          { operation: operation.id, err: failure },
          'an operation could not be given up at once',
        );
      });
      throw error;
    }
  }

  /** The key is free again only when nothing was made under it, by this request or by an earlier one. */
  async function giveUp(error: unknown, holder: string, repeated: boolean): Promise<void> {
    const failure = asHangarError(error);
    const refused = failure.status < 500 && failure.code !== 'state_conflict';
    if (refused && !repeated && !exchange.mayHaveWritten) await store.forgetOperation({ ...named, holder });
    else await store.leaveOperation({ ...named, holder, now: deps.now() });
  }

  function replay(operation: Operation): OnceAnswer {
    const sealed = operation.sealedResponse;
    if (!sealed || operation.status === undefined)
      throw new HangarError('internal', { detail: 'a finished operation has no answer' });
    return {
      status: operation.status,
      json: JSON.parse(deps.sealer.openText(sealed, place)),
      replayed: true,
    };
  }
}
