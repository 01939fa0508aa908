import { HangarError } from '@hangar/http';
import type { Answer } from '../../answer/respond.ts';
import { checkImage } from '../../policy/policy-checks.ts';
import { queryValues } from '../../request/target.ts';
import { invalid, isObject } from '../../rules/json.ts';
import { appOf, type AppExchange, type Exchange, type HandlerDeps } from '../../upstream/exchange.ts';
import { jsonOf } from '../../upstream/send.ts';
import { textIn } from '../graphql/nodes/node.ts';

type Json = Readonly<Record<string, unknown>>;

const IMAGE_DOCUMENT =
  'query ($app: String!, $ref: String!) { app(name: $app) { image(ref: $ref) { id ref digest compressedSizeFull manifest } } }';
const ISSUES_DOCUMENT =
  'query ($app: String!) { app(name: $app) { hostIssues { nodes { internalId message createdAt updatedAt } } } }';

const REFERENCE_FORM = /^[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,511}$/;
/** Where Fly.io keeps images by the name of the app that they were built for; in any other place the name is nobody's to read. */
const APP_REGISTRY = /registry\.fly\.io/i;
const BUILT_FOR = /^registry\.fly\.io(?::\d+)?\/([^:@]*)/i;

/**
 * `GET /hangar/v1/apps/{app}/image?ref=`: the image that Fly.io finds by a reference, which flyctl looks up before it starts it. Held
 * against the policy as in a machine's config; what was built for another app is not shown.
 */
export async function findImage(given: Exchange, { policy }: HandlerDeps): Promise<Answer> {
  const exchange = appOf(given);
  const { environment, plan } = exchange;
  const ref = queryValues(plan.query, 'ref')[0] ?? '';
  if (!REFERENCE_FORM.test(ref)) throw invalid('ref', 'must be the reference of an image');
  const refusal = checkImage(ref, 'ref', policy);
  if (refusal) throw refusal;
  if (isAnothers(ref, environment.name)) throw noImage();
  const app = await ask(exchange, IMAGE_DOCUMENT, { ref });
  const image = app?.['image'];
  if (!isObject(image) || typeof image['digest'] !== 'string') throw noImage();
  // What the reference leads to is what counts.
  if (isAnothers(textIn(image, 'ref'), environment.name)) throw noImage();
  return {
    status: 200,
    json: {
      id: textIn(image, 'id'),
      ref: textIn(image, 'ref', ref),
      digest: image['digest'],
      compressed_size_full: textIn(image, 'compressedSizeFull', '0'),
      manifest: image['manifest'] ?? {},
    },
  };
}

/** `GET /hangar/v1/apps/{app}/host-issues`: what Fly.io says is wrong with the hosts of the app's machines. */
export async function hostIssues(given: Exchange): Promise<Answer> {
  const app = await ask(appOf(given), ISSUES_DOCUMENT, {});
  const issues = isObject(app?.['hostIssues']) ? app['hostIssues']['nodes'] : [];
  return { status: 200, json: { issues: Array.isArray(issues) ? issues : [] } };
}

/** Asks api.fly.io with a document of our own: a stranger's never goes there, since it would carry the operator's token. */
async function ask(exchange: AppExchange, query: string, variables: Json): Promise<Json | undefined> {
  const json = { query, variables: { ...variables, app: exchange.environment.name } };
  const call = { method: 'POST', target: '/graphql', at: 'api', json, repeatable: true } as const;
  const answer = await jsonOf(await exchange.send(call), call);
  const { data, errors } = isObject(answer) ? answer : {};
  if (Array.isArray(errors) && errors.length > 0)
    throw new HangarError('upstream_failed', { detail: 'api.fly.io answered with errors' });
  const app = isObject(data) ? data['app'] : undefined;
  return isObject(app) ? app : undefined;
}

function isAnothers(ref: string, app: string): boolean {
  return APP_REGISTRY.test(ref) && BUILT_FOR.exec(ref)?.[1] !== app;
}

function noImage(): HangarError {
  return new HangarError('not_found', { public: 'image not found' });
}
