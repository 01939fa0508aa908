import { Hono } from 'hono';
import type { ExtensionCaller } from '../caller/extensions.ts';
import { isObject } from '../world/json.ts';
import type { Simulation } from '../simulation.ts';
import { viewerOf } from '../tokens/viewer.ts';
import type { Executor, Question } from './executor.ts';

/** What flyctl sends a query for is a page or two; more is somebody's experiment. */
const MAX_BODY_CHARACTERS = 1_048_576;

/**
 * `POST /graphql` of api.fly.io (docs/specs/platform.md#graphql): a failure is 200 with `errors`, as at the real one. The library and the
 * schema are loaded by the first request: whoever only calls the Machines API does not wait for them.
 */
export function graphqlRoutes(simulation: Simulation, caller: ExtensionCaller): Hono {
  const routes = new Hono({ strict: false });
  let executor: Promise<Executor> | undefined;
  routes.post('/graphql', async (c) => {
    const text = await c.req.text();
    const question = text.length > MAX_BODY_CHARACTERS ? undefined : questionOf(text);
    if (!question) return c.json({ errors: [{ message: 'the body is not {"query": …}' }] }, 400);
    executor ??= import('./executor.ts').then(({ createExecutor }) => createExecutor());
    const authorization = c.req.header('authorization') ?? '';
    const asked = {
      simulation,
      caller,
      authorization,
      viewer: viewerOf(simulation, authorization),
      origin: new URL(c.req.url).origin,
    };
    return c.json(await (await executor).answer(asked, question));
  });
  return routes;
}

function questionOf(text: string): Question | undefined {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(body) || typeof body['query'] !== 'string') return undefined;
  return {
    query: body['query'],
    variables: isObject(body['variables']) ? body['variables'] : {},
    operationName: typeof body['operationName'] === 'string' ? body['operationName'] : undefined,
  };
}
