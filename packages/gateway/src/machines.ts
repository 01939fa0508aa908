import type { CreateMachineRequest, MachineWire } from '@hangar/flyio';
import { HangarError } from '@hangar/security';
import { isGone, type Environment, type Machine } from './environment.ts';
import { appOf, readJson, type Answer, type AppExchange, type Exchange } from './exchange.ts';
import { passOn } from './forward.ts';
import { once, type OnceAnswer, type OperationFacts } from './idempotency.ts';
import { checkMachineBody, type CheckedMachineBody } from './machine-config.ts';
import { cleanMachine, marksOf, metadataMarks, readMachine } from './machine-view.ts';
import { noteMachine } from './observe.ts';
import { ownedVolume } from './ownership.ts';
import { pause, type Parts } from './parts.ts';
import { policyError } from './policy.ts';
import { sendUpstream, upstreamError } from './upstream.ts';

/** After a lost answer the machine is looked for this often; upstream shows new machines with some delay. */
const lookPausesMs: readonly number[] = [0, 500, 1500];

/**
 * `POST /v1/apps/{app}/machines`. The Machines API knows no idempotency keys, so every machine carries the mark of the
 * operation that made it, and a lost answer is looked for by that mark before anything is sent twice.
 */
export async function createMachine(given: Exchange, parts: Parts): Promise<OnceAnswer> {
  const exchange = appOf(given);
  const { bytes, value } = await readJson(exchange);
  const checked = checkMachineBody(value, parts.policy);
  await checkVolumes(checked, exchange.environment, parts);
  return await once(
    exchange,
    bytes,
    parts,
    async (operation) => await createOnce(exchange, checked, operation, parts),
  );
}

async function createOnce(
  exchange: AppExchange,
  checked: CheckedMachineBody,
  operation: OperationFacts,
  parts: Parts,
): Promise<Answer> {
  const { environment } = exchange;
  if (operation.repeated) {
    const earlier = await findByOperation(environment, operation.id, parts);
    if (earlier) return await created(earlier, environment, parts);
  }
  await checkQuota(environment, parts);
  const json = marked(checked, environment, operation.id, parts);
  const call = {
    method: 'POST',
    target: `/v1/apps/${environment.name}/machines`,
    headers: exchange.headers,
    json,
    repeatable: false,
  };
  try {
    const reply = await sendUpstream(parts.machines, call);
    const answer: unknown = parse(await reply.bytes());
    if (reply.status >= 400)
      throw upstreamError({ tag: 'refused', status: reply.status, body: answer }, false);
    const machine = readMachine(answer);
    if (!machine)
      throw new HangarError('upstream_failed', { status: 504, detail: 'the answer is not a machine' });
    return await created(machine, environment, parts, reply.status);
  } catch (error) {
    if (!(error instanceof HangarError) || error.status < 500 || error.code === 'upstream_unreachable')
      throw error;
    const made = await findByOperation(environment, operation.id, parts);
    if (made) return await created(made, environment, parts);
    throw new HangarError(error.code, {
      status: 504,
      public: 'Fly.io did not confirm the machine; it may still appear. Repeat with the same Idempotency-Key',
      ...(error.detail === undefined ? {} : { detail: error.detail }),
      cause: error,
    });
  }
}

async function created(
  machine: MachineWire,
  environment: Environment,
  parts: Parts,
  status = 200,
): Promise<Answer> {
  await noteMachine(machine, environment.id, parts);
  return { status, json: cleanMachine(machine) };
}

/** `POST /v1/apps/{app}/machines/{machine}`: replaces the whole config, so it passes the same gate as a new one. */
export async function updateMachine(given: Exchange, machine: Machine, parts: Parts): Promise<Response> {
  const exchange = appOf(given);
  const { value } = await readJson(exchange);
  const checked = checkMachineBody(value, parts.policy);
  await checkVolumes(checked, exchange.environment, parts);
  const json = marked(checked, exchange.environment, machine.operation, parts);
  return await passOn(exchange, json, 'machine', machine, parts);
}

/** The body for upstream: the caller's config with our marks in its metadata. */
function marked(
  { body, config }: CheckedMachineBody,
  environment: Environment,
  operation: string | undefined,
  { installation }: Parts,
): CreateMachineRequest {
  const metadata = {
    ...(config['metadata'] as Record<string, string> | undefined),
    [metadataMarks.environment]: environment.id,
    [metadataMarks.installation]: installation,
    ...(operation === undefined ? {} : { [metadataMarks.operation]: operation }),
  };
  return { ...body, config: { ...config, metadata } };
}

async function checkVolumes(
  { volumes }: CheckedMachineBody,
  environment: Environment,
  parts: Parts,
): Promise<void> {
  // A mount may also name a volume by its name, which upstream looks for within the app.
  for (const { id } of volumes) await ownedVolume(id, environment, parts);
}

async function checkQuota(environment: Environment, { store, policy }: Parts): Promise<void> {
  const machines = await store.machinesOf(environment.id);
  const limit = policy.maxMachinesPerEnvironment;
  if (machines.filter(({ state }) => !isGone(state)).length < limit) return;
  throw policyError(
    'machines',
    'max_machines_per_environment',
    limit,
    `the app already has ${limit} machines`,
  );
}

async function findByOperation(
  environment: Environment,
  operation: string,
  parts: Parts,
): Promise<MachineWire | undefined> {
  for (const wait of lookPausesMs) {
    if (wait > 0) await pause(wait);
    const listed = await parts.machines.listMachines(environment.name, { includeDeleted: true });
    if (!listed.ok) continue;
    const found = listed.value.find((machine) => marksOf(machine)[metadataMarks.operation] === operation);
    if (found) return found;
  }
  return undefined;
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
