import { HangarError } from '@hangar/http';
import type { Answer } from '../../answer/respond.ts';
import { opening } from '../../note/audited-change.ts';
import { visibleEnvironments } from '../../operations/environments.ts';
import { queryValues } from '../../request/target.ts';
import { invalid, isObject } from '../../rules/json.ts';
import { appOf, type Exchange, type HandlerDeps } from '../../upstream/exchange.ts';
import { addressOf } from '../address-of-token.ts';
import { IN_PROGRESS, KEPT_RELEASES, STATUSES, STRATEGIES, type Release } from '../release.ts';

const USUAL_RELEASES = 20;
/** What stands for the newest release that did not fail. */
const CURRENT = 'current';
const IMAGE_FORM = /^[\x21-\x7e]{1,512}$/;

/** `POST /api/v1/apps/{app}/releases`: a client says that it begins to deploy. It changes nothing that runs. */
export async function createRelease(given: Exchange, deps: HandlerDeps): Promise<Answer> {
  const exchange = appOf(given);
  const { environment, caller } = exchange;
  const body = bodyOf(exchange);
  const { image, strategy = 'ROLLING', definition = {} } = body;
  if (typeof image !== 'string' || !IMAGE_FORM.test(image))
    throw invalid('image', 'must be the reference of an image');
  if (typeof strategy !== 'string' || !STRATEGIES.some((one) => one === strategy))
    throw invalid('strategy', `expected one of ${STRATEGIES.join(', ')}`);
  if (!isObject(definition)) throw invalid('definition', 'must be an object');
  await exchange.check();
  const wanted = {
    environment: environment.id,
    imageRef: image,
    strategy,
    sealedDefinition: deps.sealer.seal(JSON.stringify(definition), placeOf(environment.id)),
    token: caller.verified.tokenId,
    createdAt: deps.now(),
  };
  const release = await opening(
    exchange.change,
    async (audit) => await deps.store.addRelease(wanted, KEPT_RELEASES, audit),
    () => true,
  );
  return { status: 201, json: { release: releaseWire(release, environment.name) } };
}

/** `PATCH /api/v1/apps/{app}/releases/{release}`: how far the client says that it has come. */
export async function reportRelease(given: Exchange, deps: HandlerDeps): Promise<Answer> {
  const exchange = appOf(given);
  const { environment } = exchange;
  const { status } = bodyOf(exchange);
  if (typeof status !== 'string' || !STATUSES.some((one) => one === status))
    throw invalid('status', `expected one of ${STATUSES.join(', ')}`);
  await exchange.check();
  const version = await versionOf(exchange, deps);
  const wanted = { environment: environment.id, version, status, at: deps.now() };
  const release = await opening(
    exchange.change,
    async (audit) => await deps.store.setReleaseStatus({ ...wanted, audit }),
    (changed) => changed !== undefined,
  );
  if (!release) throw noRelease();
  return { status: 200, json: releaseWire(release, environment.name) };
}

/** `GET /api/v1/apps/{app}/releases`. */
export async function listReleases(given: Exchange, deps: HandlerDeps): Promise<Answer> {
  const { environment, plan } = appOf(given);
  const limit = Number(queryValues(plan.query, 'limit')[0] ?? USUAL_RELEASES);
  const releases = await deps.store.releasesOf(environment.id, limit);
  return { status: 200, json: { releases: releases.map((one) => releaseWire(one, environment.name)) } };
}

/** `GET /api/v1/apps/{app}/releases/{release}`: by its version, or `current`. With what it was made with. */
export async function getRelease(given: Exchange, deps: HandlerDeps): Promise<Answer> {
  const exchange = appOf(given);
  const { environment } = exchange;
  const release = await deps.store.releaseNumbered(environment.id, await versionOf(exchange, deps));
  if (!release?.sealedDefinition) throw noRelease();
  const text = deps.sealer.openText(release.sealedDefinition, placeOf(environment.id));
  const definition: unknown = JSON.parse(text);
  return { status: 200, json: { ...releaseWire(release, environment.name), definition } };
}

/** `GET /hangar/v1/releases`: the current one of each app that the token may see, by the app's name. */
export async function currentReleases(exchange: Exchange, deps: HandlerDeps): Promise<Answer> {
  const visible = await visibleEnvironments(exchange, deps);
  const names = new Map(visible.map(({ id, name }) => [id, name]));
  const releases = await deps.store.currentReleases([...names.keys()]);
  const entries = releases.map((one) => {
    const name = names.get(one.environment) ?? '';
    return [name, releaseWire(one, name)] as const;
  });
  return { status: 200, json: { releases: Object.fromEntries(entries) } };
}

/** `GET /api/v1/releases/all_current`: when each came. */
export async function currentReleaseTimes(exchange: Exchange, deps: HandlerDeps): Promise<Answer> {
  const { json } = await currentReleases(exchange, deps);
  const { releases } = json as { releases: Record<string, ReturnType<typeof releaseWire>> };
  const times = Object.entries(releases).map(([name, one]) => [name, one.created_at]);
  return { status: 200, json: Object.fromEntries(times) };
}

/** A release as api.fly.io shows it. Its id says whose it is: a client names it without its app. */
function releaseWire(one: Release, app: string) {
  return {
    id: `${app}.${one.version}`,
    version: one.version,
    stable: one.status === 'complete',
    in_progress: IN_PROGRESS.includes(one.status),
    status: one.status,
    strategy: one.strategy,
    user: addressOf(one.token),
    created_at: one.createdAt.toISOString(),
    image_ref: one.imageRef,
  };
}

async function versionOf(exchange: ReturnType<typeof appOf>, { store }: HandlerDeps): Promise<number> {
  const { release } = exchange.plan.params;
  if (release !== CURRENT) return Number(release);
  const [current] = await store.currentReleases([exchange.environment.id]);
  if (!current) throw noRelease();
  return current.version;
}

function bodyOf({ whole }: Exchange): Readonly<Record<string, unknown>> {
  const body = whole.json();
  if (isObject(body)) return body;
  throw new HangarError('bad_request', { public: 'the body must be an object' });
}

function placeOf(environment: string): string {
  return `gateway_releases/sealed_definition/${environment}`;
}

function noRelease(): HangarError {
  return new HangarError('not_found', { public: 'release not found' });
}
