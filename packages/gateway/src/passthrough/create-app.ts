import { asHangarError, HangarError } from '@hangar/http';
import type { Secret } from '@hangar/security';
import { markAnswer } from '../answer/head.ts';
import { sleep } from '../deps.ts';
import { storageSecretNamesFor } from '../profiles/profile.ts';
import { isObject } from '../rules/json.ts';
import { SEED_SECRET_NAMES, storageSecrets } from '../rules/storage-secrets.ts';
import { parseJson, type UpstreamReply } from '../upstream/send.ts';
import { callersKey, type SeenApp } from './app-gate.ts';
import { readAppWish } from './app-wish.ts';
import { bringBack, refusalOf } from './caller-upstream.ts';
import type { PassthroughDeps } from './deps.ts';
import type { HandledRequest } from './handled-request.ts';
import { headersForCaller } from './headers.ts';
import { secretNames } from './secret-names.ts';
import { FINISH_WITHIN_MS, makeStorage, takeRecord, unmakeStorage } from './storage/storage.ts';
import type { StorageRecord } from './storage/record.ts';

/** A new app may be invisible for a moment; this often it is looked for, with this pause. */
const VISIBILITY_TRIES = 10;
const VISIBILITY_PAUSE_MS = 200;

/**
 * `POST /v1/apps`: the app with the caller's token, then its storage, then the three secrets with the caller's token again.
 * Upstream's yes to the app is what allows the rest; whatever fails after it takes both back. A repetition finds an app of
 * its own that a dead request left without storage, and goes on with it.
 */
export async function createApp(
  handled: HandledRequest,
  target: string,
  deps: PassthroughDeps,
): Promise<Response> {
  const { authorization, door } = handled;
  const wish = readAppWish(handled.json);
  await deps.gate.allow(wish.organization);
  return await deps.perApp.run(callersKey(wish.app, authorization), async () => {
    const reply = await deps.upstream.send({
      method: 'POST',
      target,
      authorization,
      headers: handled.headers,
      body: JSON.stringify(wish.body),
    });
    const bytes = await reply.bytes();
    const again = { ...reply, bytes: async () => await Promise.resolve(bytes) };
    if (reply.status >= 300) {
      const left = isNameTaken(bytes)
        ? await leftBehind(wish.app, wish.organization, authorization, deps)
        : undefined;
      if (left === undefined) return await bringBack(again, 'POST', door);
      await giveStorage(left, authorization, deps, false);
      return created(
        JSON.stringify(left.json),
        201,
        new Headers({ 'content-type': 'application/json' }),
        door.requestId,
      );
    }
    const app = await newApp(wish.app, authorization, deps).catch(async (error: unknown) => {
      await takeBackApp(wish.app, authorization, deps);
      throw afterWrite(error);
    });
    await giveStorage(app, authorization, deps, true);
    return created(bytes, reply.status, headersForCaller(reply.headers), door.requestId);
  });
}

function created(body: Uint8Array | string, status: number, headers: Headers, requestId: string): Response {
  markAnswer(headers, { requestId, environment: undefined });
  const empty = body.length === 0;
  return new Response(empty ? null : typeof body === 'string' ? body : Buffer.from(body), {
    status,
    headers,
  });
}

function isNameTaken(bytes: Uint8Array): boolean {
  const json = parseJson(bytes);
  if (!isObject(json)) return false;
  return json['status'] === 'name_taken' || /name has already been taken/i.test(String(json['error']));
}

/**
 * The app of a request that died before it had storage: the caller may see it, it is in the organization that was asked for,
 * nothing runs in it, and it has not got the secrets. Anything else is simply taken.
 */
async function leftBehind(
  name: string,
  organization: string,
  authorization: Secret,
  deps: PassthroughDeps,
): Promise<SeenApp | undefined> {
  const found = await deps.gate.look(name, authorization);
  if ('refusal' in found) {
    await found.refusal.drop();
    return undefined;
  }
  if (found.app.organization !== organization || found.app.machineCount > 0) return undefined;
  const secrets = await secretNames(name, authorization, deps);
  return Object.values(SEED_SECRET_NAMES).every((each) => secrets.includes(each)) ? undefined : found.app;
}

async function newApp(name: string, authorization: Secret, deps: PassthroughDeps): Promise<SeenApp> {
  let refusal: UpstreamReply | undefined;
  for (let tries = 0; tries < VISIBILITY_TRIES; tries += 1) {
    const found = await deps.gate.look(name, authorization);
    if ('app' in found) return found.app;
    ({ refusal } = found);
    if (refusal.status !== 404) break;
    await refusal.drop();
    await sleep(VISIBILITY_PAUSE_MS);
  }
  throw refusal === undefined || refusal.status === 404
    ? new HangarError('upstream_timeout', { detail: `the new app ${name} is not visible` })
    : await refusalOf(refusal);
}

/** Makes the storage and tells the app of it. What fails is taken back, the app as well where this request made it. */
async function giveStorage(
  app: SeenApp,
  authorization: Secret,
  deps: PassthroughDeps,
  isNew: boolean,
): Promise<void> {
  const owner = { organization: app.organization, number: app.number, app: app.name };
  const begun = deps.now().getTime();
  let record: StorageRecord | undefined;
  try {
    record = await takeRecord(owner, deps);
    const { key } = await makeStorage(record, deps);
    if (deps.now().getTime() - begun > FINISH_WITHIN_MS)
      throw new HangarError('upstream_timeout', { detail: 'the storage took too long' });
    const values = storageSecrets(
      { ...key, endpoint: deps.storageEndpoint },
      storageSecretNamesFor(deps.profile),
    );
    const set = await deps.upstream.send({
      method: 'POST',
      target: `/v1/apps/${app.name}/secrets`,
      authorization,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ values }),
    });
    if (set.status >= 300) throw await refusalOf(set);
    await set.drop();
    deps.log.info({ app: app.name, bucket: record.bucket }, 'an app has storage');
  } catch (error) {
    // Another request is making it, and what it makes is not ours to take back.
    if (error instanceof HangarError && error.code === 'state_conflict' && record === undefined) throw error;
    if (record) await takeBackStorage(record, deps);
    if (isNew) await takeBackApp(app.name, authorization, deps);
    throw afterWrite(error);
  }
}

/** Each part is taken back, whatever became of the other, and the first failure stays the one that is told. */
async function takeBackStorage(record: StorageRecord, deps: PassthroughDeps): Promise<void> {
  try {
    await unmakeStorage(record, deps);
  } catch (error) {
    deps.log.error(
      { storage: record.name, err: asHangarError(error) },
      'storage of a failed creation is left',
    );
  }
}

async function takeBackApp(
  app: string,
  authorization: Secret,
  { upstream, log }: PassthroughDeps,
): Promise<void> {
  try {
    const gone = await upstream.send({ method: 'DELETE', target: `/v1/apps/${app}`, authorization });
    if (gone.status >= 300 && gone.status !== 404) throw await refusalOf(gone);
    await gone.drop();
  } catch (error) {
    log.error({ app, err: asHangarError(error) }, 'the app of a failed creation is left');
  }
}

/** A failure that invites to try again would be repeated blindly, and the app may be there. */
function afterWrite(error: unknown): HangarError {
  const failure = asHangarError(error);
  if (failure.status !== 502 && failure.status !== 503) return failure;
  return new HangarError(failure.code, { status: 504, detail: failure.message, cause: error });
}
