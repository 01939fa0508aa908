import { Hono } from 'hono';
import type { Simulation } from '../simulation.ts';
import { viewerOf } from '../tokens/viewer.ts';

/**
 * `GET /v2/` of the image registry: whether a login is good, which is all that `fly auth docker` asks. The token is the password of a Basic
 * header, under any name. There are no images behind it.
 */
export function registryRoutes(simulation: Simulation): Hono {
  const routes = new Hono({ strict: false });
  routes.get('/v2', (c) => {
    const [, basic = ''] = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(c.req.header('authorization') ?? '') ?? [];
    const text = Buffer.from(basic, 'base64').toString();
    c.header('docker-distribution-api-version', 'registry/2.0');
    if (viewerOf(simulation, text.slice(text.indexOf(':') + 1)).email !== undefined) return c.json({});
    c.header('www-authenticate', 'Basic realm="simulated registry"');
    return c.json({ errors: [{ code: 'UNAUTHORIZED', message: 'authentication required' }] }, 401);
  });
  return routes;
}
