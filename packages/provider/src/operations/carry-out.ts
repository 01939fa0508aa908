import { HangarError } from '@hangar/http';
import { checkConfig, sameConfig } from '../wire/config-rules.ts';
import type { Deps } from '../deps.ts';
import type { Decision, ExtensionRecord, Operation, RecordChange } from '../ports.ts';
import { extensionOf } from '../record.ts';
import { DELETE_GRACE_MS } from '../options.ts';
import type { Config, Provisioned, SellerContext } from '../seller.ts';
import { pause, remaining, whenAborted } from './lease.ts';
import type { Outcome } from './work.ts';

/** How long a failed removal rests before the next try: doubling, and never more than an hour. */
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 3_600_000;

/** The right to a run, and what ends it early. */
export interface RunRight {
  readonly holder: string;
  /** Aborted when a deletion makes the work needless. */
  readonly cancelled: AbortSignal;
  /** Aborted when the lease is lost: another process does the work, or will. */
  readonly lost: AbortSignal;
}

/** What one run works with. */
interface Run extends RunRight {
  readonly deps: Deps;
  readonly record: ExtensionRecord;
  readonly operation: Operation;
}

/**
 * Does what the record's operation says: calls the seller's code outside any transaction, then commits what
 * came of it together with its announcement, provided that the lease is still ours.
 */
export async function carryOut(record: ExtensionRecord, right: RunRight, deps: Deps): Promise<Outcome> {
  const { operation } = record;
  if (operation === undefined) return { tag: 'lost' };
  const run: Run = { deps, record, operation, ...right };
  switch (operation.kind) {
    case 'provision':
      return await orRemove(run, await provision(run));
    case 'update':
      return await orRemove(run, await update(run));
    case 'rotate':
      return await orRemove(run, await rotate(run));
    case 'deprovision':
      return await deprovision(run);
    case 'destroy':
      return await destroy(run);
  }
}

/** Work that a deletion waited for is followed by the removal, under the same lease. */
async function orRemove(run: Run, outcome: Outcome): Promise<Outcome> {
  if (outcome.tag !== 'cancelled') return outcome;
  const record = await run.deps.options.store.extensions.find(run.record.id);
  if (record === undefined || record.operation === undefined) return { tag: 'lost' };
  await deprovision({ ...run, record, operation: record.operation });
  return outcome;
}

async function provision(run: Run): Promise<Outcome> {
  const { deps, record, operation } = run;
  let answered = deps.openConfig(record);
  const accept = (provisioned: Provisioned): Config => {
    const config = checkConfig(provisioned.config, deps.options.configKeys);
    // Customers may hold the first one already, and Fly.io never asks for another.
    if (answered !== undefined && !sameConfig(answered, config)) {
      throw new HangarError('hook_failed', { detail: 'the seller gave another config than it had answered' });
    }
    return config;
  };
  const answer = async (provisioned: Provisioned): Promise<void> => {
    const config = accept(provisioned);
    const stored = await commit(run, (current) => done(current, made(record.id, provisioned, config, deps)));
    if (stored.tag !== 'done')
      throw new HangarError('state_conflict', { detail: 'answered after the work was taken away' });
    answered = config;
  };
  try {
    const provisioned = await timed(run, (signal) =>
      deps.options.seller.provision({
        extension: extensionOf(record),
        signal,
        now: deps.now(),
        attempt: operation.attempt,
        answered,
        answer,
      }),
    );
    const config = provisioned === undefined ? answered : accept(provisioned);
    if (config === undefined)
      throw new HangarError('hook_failed', { detail: 'the seller returned no config' });
    return await commit(run, (current) => ({
      ...done(current, {
        ...(provisioned === undefined ? {} : made(record.id, provisioned, config, deps)),
        ...finished('ready', deps),
        errorMessage: undefined,
        provisionedAt: current.provisionedAt ?? deps.now(),
      }),
      announce: current.operation?.announce,
    }));
  } catch (error) {
    return await failed(run, error, (current, cause) => {
      const announce = current.operation?.announce;
      const refused = cause.status < 500 && operation.attempt === 1 && current.sealedConfig === undefined;
      const untold = announce === undefined || announce === 'resource.created';
      return refused && untold
        ? { remove: true, result: { tag: 'failed', error: cause } }
        : {
            set: { ...finished('error', deps), errorMessage: cause.sentence },
            announce: announce === 'resource.created' ? undefined : announce,
            result: { tag: 'failed', error: cause },
          };
    });
  }
}

async function update(run: Run): Promise<Outcome> {
  const { deps, record, operation } = run;
  const { changes } = operation;
  try {
    const updated = await timed(run, async (signal) => {
      const next = { ...extensionOf(record), ...changes };
      return await deps.options.seller.update?.({
        extension: extensionOf(record),
        changes,
        next,
        signal,
        now: deps.now(),
      });
    });
    const config =
      updated?.config === undefined ? undefined : checkConfig(updated.config, deps.options.configKeys);
    return await commit(run, (current) => ({
      ...done(current, {
        ...changes,
        ...(config === undefined || updated === undefined ? {} : made(record.id, updated, config, deps)),
        ...finished(current.operation?.statusBefore ?? 'ready', deps),
        errorMessage: undefined,
      }),
      // New credentials are news even when the rest was said in the answer.
      announce: current.operation?.announce ?? (config === undefined ? undefined : 'resource.updated'),
    }));
  } catch (error) {
    return await failed(run, error, (current, cause) => {
      const announce = current.operation?.announce;
      return {
        set:
          announce === undefined
            ? finished(current.operation?.statusBefore ?? 'ready', deps)
            : { ...finished('error', deps), errorMessage: cause.sentence },
        announce,
        result: { tag: 'failed', error: cause },
      };
    });
  }
}

async function rotate(run: Run): Promise<Outcome> {
  const { deps, record } = run;
  try {
    const rotated = await timed(
      run,
      async (signal) =>
        await deps.options.seller.rotate?.({ extension: extensionOf(record), signal, now: deps.now() }),
    );
    if (rotated === undefined)
      throw new HangarError('immutable', { public: 'credentials of this cannot be rotated' });
    const config = checkConfig(rotated.config, deps.options.configKeys);
    return await commit(run, (current) => ({
      ...done(current, {
        ...made(record.id, rotated, config, deps),
        ...finished(current.operation?.statusBefore ?? 'ready', deps),
      }),
      announce: current.operation?.announce,
    }));
  } catch (error) {
    return await failed(run, error, (current, cause) => ({
      set: finished(current.operation?.statusBefore ?? 'ready', deps),
      result: { tag: 'failed', error: cause },
    }));
  }
}

/**
 * Ends an extension. Its data lives on for the grace when the seller can cut off everybody's access to it; what was never
 * usable holds nothing that anybody could miss.
 */
async function deprovision(run: Run): Promise<Outcome> {
  const { deps, record } = run;
  const { seller, deleteGraceMs = DELETE_GRACE_MS } = deps.options;
  const cutOff = seller.cutOff?.bind(seller);
  if (cutOff === undefined || deleteGraceMs <= 0 || record.provisionedAt === undefined) {
    return await removing(run, seller.deprovision.bind(seller), () => finished('deleted', deps));
  }
  const destroyAt = new Date(deps.now().getTime() + deleteGraceMs);
  return await removing(
    run,
    (context) => cutOff({ ...context, destroyAt }),
    (operation) => ({
      ...finished('deleted', deps),
      operation: { ...operation, kind: 'destroy', attempt: 0, announce: undefined },
      lease: pause(deps.now(), destroyAt.getTime() - deps.now().getTime()),
    }),
  );
}

/** Destroys the data of an extension that was cut off. Nobody hears of it: for Fly.io it is gone already. */
async function destroy(run: Run): Promise<Outcome> {
  const { seller } = run.deps.options;
  return await removing(run, seller.deprovision.bind(seller), () => ({
    operation: undefined,
    lease: undefined,
  }));
}

/** Calls the seller's code as often as it takes, with growing pauses, and then lets the record show what is left. */
async function removing(
  run: Run,
  call: (context: SellerContext) => Promise<void>,
  left: (operation: Operation) => RecordChange,
): Promise<Outcome> {
  const { deps, record, operation, holder } = run;
  // A removal is never cancelled; only its own time ends it, and the loss of the lease.
  const undisturbed: Run = {
    ...run,
    operation: { ...operation, startedAt: deps.now() },
    cancelled: new AbortController().signal,
  };
  try {
    await timed(undisturbed, (signal) => call({ extension: extensionOf(record), signal, now: deps.now() }));
  } catch (error) {
    if (run.lost.aborted) return { tag: 'lost' };
    const cause = asFailure(error);
    deps.log.error(
      { extension: record.id, error: cause },
      'an extension could not be removed; it will be tried again',
    );
    const rest = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(operation.attempt, 20), LONGEST_PAUSE_MS);
    return await deps.options.store.extensions
      .change<Outcome>(record.id, (current) =>
        current.lease?.holder === holder && current.operation !== undefined
          ? { set: { lease: pause(deps.now(), rest) }, result: { tag: 'failed', error: cause } }
          : { result: { tag: 'lost' } },
      )
      .then((outcome) => outcome ?? { tag: 'lost' });
  }
  return await conclude(run, (current) => ({
    ...done(current, {
      ...left(current.operation ?? operation),
      sealedConfig: undefined,
      deletedAt: current.deletedAt ?? deps.now(),
      errorMessage: undefined,
    }),
    announce: current.operation?.announce,
  }));
}

/** Calls the seller's code with the time that is left, and does not wait for it beyond that. */
async function timed<T>(run: Run, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { deps, operation } = run;
  const overdue = new HangarError('hook_failed', {
    public: 'the provider took too long to complete this',
    detail: `${operation.kind} was not finished after ${deps.timing.operationMs} ms`,
  });
  const left = remaining(operation.startedAt, deps.timing.operationMs, deps.now);
  if (left <= 0) throw overdue;
  const late = new AbortController();
  const over = new AbortController();
  const timer = setTimeout(() => late.abort(), left);
  timer.unref();
  try {
    // A cancelled call is still waited for: removing beside it could leave something behind.
    const calling = (async () => await call(AbortSignal.any([run.cancelled, run.lost, late.signal])))();
    const first = await Promise.race([
      calling.then((value) => ({ value })),
      whenAborted(late.signal, over.signal),
    ]);
    if (first === 'aborted') {
      calling.catch(() => undefined);
      throw overdue;
    }
    return first.value;
  } finally {
    clearTimeout(timer);
    over.abort();
  }
}

/** Commits under our lease, unless a deletion came first. */
async function commit(run: Run, decide: (current: ExtensionRecord) => Decision<Outcome>): Promise<Outcome> {
  return await conclude(run, (current) =>
    current.status === 'deleting' ? { result: { tag: 'cancelled' } } : decide(current),
  );
}

async function conclude(run: Run, decide: (current: ExtensionRecord) => Decision<Outcome>): Promise<Outcome> {
  const { deps, record, holder } = run;
  let announced = false;
  const outcome = await deps.options.store.extensions.change<Outcome>(record.id, (current) => {
    if (current.lease?.holder !== holder || current.operation === undefined)
      return { result: { tag: 'lost' } };
    const decision = decide(current);
    announced = decision.announce !== undefined;
    return decision;
  });
  if (announced) deps.wake();
  return outcome ?? { tag: 'lost' };
}

async function failed(
  run: Run,
  error: unknown,
  decide: (current: ExtensionRecord, cause: HangarError) => Decision<Outcome>,
): Promise<Outcome> {
  // What a lost lease broke off is no failure of the seller's: whoever has the work now says how it ends.
  if (run.lost.aborted) return { tag: 'lost' };
  const cause = asFailure(error);
  const { deps, record, operation } = run;
  const line = { extension: record.id, operation: operation.kind, error: cause };
  if (cause.status < 500) deps.log.info(line, 'the seller refused');
  else deps.log.error(line, "the seller's code failed");
  return await commit(run, (current) => decide(current, cause));
}

/** A refusal stays what it is; everything else is the seller's failure, told without detail. */
function asFailure(error: unknown): HangarError {
  if (error instanceof HangarError) return error;
  const detail =
    error instanceof Error
      ? `${error.name}: ${error.message}`
      : 'the seller threw something that is no Error';
  return new HangarError('hook_failed', { detail, cause: error });
}

/** Laid over the record: a name that the seller does not tell stays what it was, so it must not be here as undefined. */
function made(id: string, provisioned: Partial<Provisioned>, config: Config, deps: Deps): RecordChange {
  return {
    sealedConfig: deps.sealConfig(id, config),
    ...(provisioned.name === undefined ? {} : { name: provisioned.name }),
    ...(provisioned.flyAppName === undefined ? {} : { flyAppName: provisioned.flyAppName }),
    updatedAt: deps.now(),
  };
}

/** Writes what came of the work, and answers the record as it is then. */
function done(current: ExtensionRecord, set: RecordChange): Decision<Outcome> {
  return { set, result: { tag: 'done', record: { ...current, ...set } } };
}

function finished(status: ExtensionRecord['status'], deps: Deps): RecordChange {
  return { status, operation: undefined, lease: undefined, updatedAt: deps.now() };
}
