import type { CreateMachineRequest, MachineWire } from '@hangar/flyio';
import { asHangarError, HangarError } from '@hangar/http';
import type { Environment, Machine } from '../nouns.ts';
import { appOf, type AppExchange, type Exchange, type HandlerDeps } from '../upstream/exchange.ts';
import { type Answer } from '../answer/respond.ts';
import { passOn } from './forward.ts';
import { once, type OnceAnswer, type OperationFacts } from '../reserve/idempotency.ts';
import { checkMachineBody, type CheckedMachineBody } from '../rules/machine-config.ts';
import { cleanMachine, marksOf, marksFor, readMachine, METADATA_MARKS } from '../rules/machine-marks.ts';
import { newUlid } from '../rules/naming.ts';
import { noteMachine, noteMounts } from '../metering/observe.ts';
import { ownedVolume } from './ownership.ts';
import { wishedBody, withProfile } from './with-profile.ts';
import { listedMachines } from '../upstream/app-lists.ts';
import { sleep } from '../deps.ts';
import { checkPlace } from '../policy/policy-checks.ts';
import { withPlaces } from '../reserve/quotas.ts';
import { holdSpending } from '../reserve/budget.ts';
import { jsonOf } from '../upstream/send.ts';

/** After a lost answer the machine is looked for this often; upstream shows new machines with some delay. */
const LOOK_PAUSES_MS: readonly number[] = [0, 500, 1500];

/**
 * `POST /v1/apps/{app}/machines`. The Machines API knows no idempotency keys, so every machine carries the mark of the
 * operation that made it, and a lost answer is looked for by that mark before anything is sent twice.
 */
export async function createMachine(given: Exchange, deps: HandlerDeps): Promise<OnceAnswer> {
  const exchange = appOf(given);
  const checked = checkMachineBody(wishedBody(exchange.whole.json(), deps), deps.policy);
  const unplaced = checkPlace(checked.body['region'], deps.policy);
  if (unplaced) throw unplaced;
  await checkVolumes(checked, exchange, deps);
  const profiled = await withProfile(checked, exchange, deps);
  return await once(
    exchange,
    deps,
    async (operation) => await createOnce(exchange, profiled, operation, deps),
  );
}

async function createOnce(
  exchange: AppExchange,
  checked: CheckedMachineBody,
  operation: OperationFacts,
  deps: HandlerDeps,
): Promise<Answer> {
  const { environment } = exchange;
  if (operation.repeated) {
    const { tag, machine } = await findByOperation(exchange, operation.id);
    if (machine) return await created(machine, environment, deps);
    if (tag === 'unseen') throw unconfirmed();
  }
  const wanted = { machines: 1, volumes: checked.newVolumes, grows: checked.grows };
  return await withPlaces({ exchange, operation, wanted }, deps, async () => {
    await holdStart(exchange, checked, deps);
    return await makeMachine(exchange, checked, operation, deps);
  });
}

async function makeMachine(
  exchange: AppExchange,
  checked: CheckedMachineBody,
  operation: OperationFacts,
  deps: HandlerDeps,
): Promise<Answer> {
  const { environment } = exchange;
  const json = marked(checked, environment, operation.id, deps);
  const call = {
    method: 'POST',
    target: `/v1/apps/${environment.name}/machines`,
    headers: exchange.headers,
    json,
    repeatable: false,
  };
  let machine: MachineWire | undefined;
  let status = 200;
  try {
    const reply = await exchange.send(call);
    machine = readMachine(await jsonOf(reply, call));
    if (!machine)
      throw new HangarError('upstream_failed', { status: 504, detail: 'the answer is not a machine' });
    ({ status } = reply);
  } catch (error) {
    if (!exchange.mayHaveWritten) throw error;
    ({ machine } = await findByOperation(exchange, operation.id));
    if (!machine) throw unconfirmed(asHangarError(error));
  }
  return await created(machine, environment, deps, status);
}

/** Nobody knows whether there is a machine: 504, since a client that repeats without a key would make another one. */
function unconfirmed(cause?: HangarError): HangarError {
  return new HangarError(cause?.code ?? 'upstream_failed', {
    status: 504,
    public: 'Fly.io did not confirm the machine; it may still appear. Repeat with the same Idempotency-Key',
    detail: cause?.detail ?? 'the machine of an earlier request could not be looked for',
    cause,
  });
}

async function created(
  machine: MachineWire,
  environment: Environment,
  deps: HandlerDeps,
  status = 200,
): Promise<Answer> {
  await noteMachine(machine, environment.id, deps);
  await noteMounts(machine, environment.id, deps);
  return { status, json: cleanMachine(machine) };
}

/** `POST /v1/apps/{app}/machines/{machine}`: replaces the whole config, so it passes the same gate as a new one. */
export async function updateMachine(given: Exchange, machine: Machine, deps: HandlerDeps): Promise<Response> {
  const exchange = appOf(given);
  const checked = checkMachineBody(wishedBody(exchange.whole.json(), deps), deps.policy);
  await checkVolumes(checked, exchange, deps);
  const profiled = await withProfile(checked, exchange, deps);
  const json = marked(profiled, exchange.environment, machine.operation, deps);
  const wanted = { volumes: checked.newVolumes, grows: checked.grows };
  return await withPlaces(
    { exchange, operation: { id: newUlid(deps.now()), repeated: false }, wanted },
    deps,
    async () => {
      await holdStart(exchange, checked, deps);
      return await passOn(exchange, json, 'machine', machine, deps);
    },
    ({ status }) => status < 500,
  );
}

/** What the config makes run counts for the budgets of the token at once. */
async function holdStart(
  { clearance, caller, environment }: AppExchange,
  { body, guest }: CheckedMachineBody,
  deps: HandlerDeps,
): Promise<void> {
  if (!clearance) return;
  const start = body['skip_launch'] === true ? undefined : { environment: environment.id, guest };
  await holdSpending(clearance, caller.workspace.number, start, deps);
}

/** The body for upstream: the caller's config with our marks in its metadata. */
function marked(
  { body, config }: CheckedMachineBody,
  environment: Environment,
  operation: string | undefined,
  { installation }: HandlerDeps,
): CreateMachineRequest {
  const metadata = {
    ...(config['metadata'] as Record<string, string> | undefined),
    ...marksFor(environment, operation, installation),
  };
  return { ...body, config: { ...config, metadata } };
}

async function checkVolumes(
  { volumes }: CheckedMachineBody,
  exchange: AppExchange,
  deps: HandlerDeps,
): Promise<void> {
  // A mount may also name a volume by its name, which upstream looks for within the app.
  for (const { id } of volumes) await ownedVolume(id, exchange, deps);
}

/** What came of looking for a machine. `unseen` says nothing: not one of the looks showed a list. */
type Search =
  | { readonly tag: 'found'; readonly machine: MachineWire }
  | { readonly tag: 'absent' | 'unseen'; readonly machine?: undefined };

/** A machine is found again by two marks: the operation's, and that of the environment, since names change hands. */
async function findByOperation(exchange: AppExchange, operation: string): Promise<Search> {
  let tag: 'absent' | 'unseen' = 'unseen';
  for (const wait of LOOK_PAUSES_MS) {
    if (wait > 0) await sleep(wait);
    const listed = await look(exchange);
    if (!listed) continue;
    tag = 'absent';
    const machine = listed.find((each) => {
      const marks = marksOf(each);
      return (
        marks[METADATA_MARKS.operation] === operation &&
        marks[METADATA_MARKS.environment] === exchange.environment.id
      );
    });
    if (machine) return { tag: 'found', machine };
  }
  return { tag };
}

/**
 * A look that failed may be repeated, whatever upstream says: not even a 429 or 404 tells whether there is a machine. An
 * app that is somebody else's by now may not be looked at.
 */
async function look(exchange: AppExchange): Promise<readonly MachineWire[] | undefined> {
  try {
    return await listedMachines(exchange, [['include_deleted', 'true']]);
  } catch {
    await exchange.check().catch((error: unknown) => {
      if (asHangarError(error).status < 500) throw error;
    });
    return undefined;
  }
}
