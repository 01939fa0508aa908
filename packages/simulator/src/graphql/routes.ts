import { Hono } from 'hono';
import type { ExtensionCaller } from '../caller/extensions.ts';
import type { Simulation } from '../simulation.ts';
import { viewerOf } from '../tokens/viewer.ts';
import type { Executor } from './executor.ts';

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
    executor ??= import('./executor.ts').then(({ createExecutor }) => createExecutor());
    const authorization = c.req.header('authorization') ?? '';
    const asked = {
      simulation,
      caller,
      authorization,
      viewer: viewerOf(simulation, authorization),
      origin: new URL(c.req.url).origin,
    };
    const body = text.length > MAX_BODY_CHARACTERS ? undefined : jsonIn(text);
    const answer = await (await executor).answer(asked, body);
    return answer ? c.json(answer) : c.json({ errors: [{ message: 'the body is not {"query": …}' }] }, 400);
  });
  return routes;
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
