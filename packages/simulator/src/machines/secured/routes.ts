import { Hono } from 'hono';
import { jsonOf } from '../request/body.ts';
import { pathApp, queryOf, type MachinesContext, type MachinesEnv } from '../request/context.ts';
import { limitIn } from '../request/query.ts';
import { invalidArgument } from '../request/refusal.ts';
import {
  certificateOf,
  certificatesOf,
  importCertificate,
  removeCertificate,
  requestCertificate,
} from './certificates.ts';
import { certificateSummary, certificateWire } from './certificate-wire.ts';
import {
  deleteSecretKey,
  secretKeyOf,
  secretKeysOf,
  secretKeyWire,
  setSecretKey,
  useSecretKey,
} from './secret-keys.ts';
import { isObject } from '../../world/json.ts';

const USUAL_CERTIFICATES = 25;
const MOST_CERTIFICATES = 500;

/** Certificates and secret keys of an app (docs/specs/platform.md#certificates, docs/specs/platform.md#secret-keys). */
export function securedRoutes(): Hono<MachinesEnv> {
  const routes = new Hono<MachinesEnv>({ strict: false });
  const certificates = '/apps/:app/certificates';
  const keys = '/apps/:app/secretkeys';
  const pathCertificate = (c: MachinesContext) =>
    certificateOf(c.var.simulation, pathApp(c), c.req.param('host') ?? '');
  const detail = (c: MachinesContext, one: ReturnType<typeof certificateOf>, records = false) =>
    certificateWire(c.var.simulation, pathApp(c), one, records);

  routes.get(certificates, (c) => {
    const query = queryOf(c);
    const filter = query.get('filter') ?? '';
    const all = certificatesOf(c.var.simulation, pathApp(c)).filter((one) => one.hostname.includes(filter));
    const limit = limitIn(query, USUAL_CERTIFICATES, MOST_CERTIFICATES);
    const cursor = query.get('cursor') ?? '';
    const from = cursor === '' ? 0 : all.findIndex((one) => one.hostname === cursor) + 1;
    if (cursor !== '' && from === 0) throw invalidArgument('cursor is not one that a page before has given');
    const page = all.slice(from, from + limit);
    return c.json({
      certificates: page.map(certificateSummary),
      next_cursor: from + page.length < all.length ? page.at(-1)?.hostname : '',
      total_count: all.length,
    });
  });
  routes.post(`${certificates}/acme`, async (c) =>
    c.json(detail(c, requestCertificate(c.var.simulation, pathApp(c), await jsonOf(c.req.raw))), 201),
  );
  routes.post(`${certificates}/custom`, async (c) =>
    c.json(detail(c, importCertificate(c.var.simulation, pathApp(c), await jsonOf(c.req.raw))), 201),
  );
  routes.get(`${certificates}/:host`, (c) => c.json(detail(c, pathCertificate(c))));
  routes.post(`${certificates}/:host/check`, (c) => c.json(detail(c, pathCertificate(c), true)));
  routes.delete(`${certificates}/:host`, (c) => {
    removeCertificate(c.var.simulation, pathCertificate(c));
    return c.body(null, 204);
  });
  for (const kind of ['acme', 'custom'] as const) {
    routes.delete(`${certificates}/:host/${kind}`, (c) => {
      const certificate = pathCertificate(c);
      removeCertificate(c.var.simulation, certificate, kind);
      return c.json({ ...detail(c, certificate), ...(kind === 'custom' ? { warning: '' } : {}) });
    });
  }

  routes.get(keys, (c) => {
    const types = queryOf(c)
      .getAll('types')
      .flatMap((text) => text.split(','));
    const found = secretKeysOf(c.var.simulation, pathApp(c)).filter(
      (one) => types.length === 0 || types.includes(one.type),
    );
    return c.json({ secret_keys: found.map(secretKeyWire) });
  });
  routes.get(`${keys}/:name`, (c) =>
    c.json(secretKeyWire(secretKeyOf(c.var.simulation, pathApp(c), c.req.param('name')))),
  );
  routes.post(`${keys}/:name`, async (c) =>
    c.json(
      setSecretKey(c.var.simulation, pathApp(c), c.req.param('name'), await jsonOf(c.req.raw), 'given'),
      201,
    ),
  );
  routes.post(`${keys}/:name/generate`, async (c) =>
    c.json(
      setSecretKey(c.var.simulation, pathApp(c), c.req.param('name'), await jsonOf(c.req.raw), 'generated'),
      201,
    ),
  );
  routes.delete(`${keys}/:name`, (c) =>
    c.json(deleteSecretKey(c.var.simulation, pathApp(c), c.req.param('name'))),
  );
  for (const verb of ['encrypt', 'decrypt', 'sign', 'verify']) {
    routes.post(`${keys}/:name/${verb}`, async (c) => {
      const key = secretKeyOf(c.var.simulation, pathApp(c), c.req.param('name'));
      const answer = useSecretKey(key, verb, await jsonOf(c.req.raw));
      return isObject(answer) ? c.json(answer) : c.body(null, 204);
    });
  }
  return routes;
}
