import { Hono } from 'hono';
import { addressesOf, assignAddress, releaseAddress } from './addresses.ts';
import { createApp, deleteApp, mintDeployToken } from './apps.ts';
import { bodyOf } from './body.ts';
import { organizationOf, seesApp } from './caller.ts';
import { pathApp, type MachinesEnv } from './context.ts';
import { invalidArgument } from './refusal.ts';
import { changeSecrets, deleteSecret, listSecrets, setSecret, showSecret } from './secrets.ts';
import {
  createVolume,
  deleteVolume,
  extendVolume,
  snapshotsWire,
  snapshotVolume,
  updateVolume,
  volumeOf,
  volumesOf,
} from './volumes.ts';
import { addressWire, appWire, volumeWire } from './wire.ts';

/** Apps, volumes, secrets and addresses (spec 3.1, 3.4, 3.5, 3.7). */
export function appRoutes(): Hono<MachinesEnv> {
  const routes = new Hono<MachinesEnv>({ strict: false });

  routes.get('/apps', (c) => {
    const slug = c.req.query('org_slug');
    if (!slug) throw invalidArgument('org_slug: is required');
    const { simulation, caller } = c.var;
    organizationOf(simulation, caller, slug);
    const apps = [...simulation.world.apps.values()].filter(
      (app) => app.organization === slug && seesApp(simulation, caller, app),
    );
    return c.json({ total_apps: apps.length, apps: apps.map((app) => appWire(simulation.world, app)) });
  });
  routes.post('/apps', async (c) => {
    const app = createApp(c.var.simulation, c.var.caller, await bodyOf(c.req.raw));
    return c.json(appWire(c.var.simulation.world, app), 201);
  });
  routes.get('/apps/:app', (c) => c.json(appWire(c.var.simulation.world, pathApp(c))));
  routes.delete('/apps/:app', (c) => {
    deleteApp(c.var.simulation, pathApp(c));
    return c.body(null, 202);
  });
  routes.post('/apps/:app/deploy_token', async (c) =>
    c.json(mintDeployToken(c.var.simulation, pathApp(c), await bodyOf(c.req.raw))),
  );

  routes.get('/apps/:app/volumes', (c) => c.json(volumesOf(c.var.simulation, pathApp(c)).map(volumeWire)));
  routes.post('/apps/:app/volumes', async (c) =>
    c.json(volumeWire(createVolume(c.var.simulation, pathApp(c), await bodyOf(c.req.raw)))),
  );
  routes.get('/apps/:app/volumes/:volume', (c) =>
    c.json(volumeWire(volumeOf(c.var.simulation, pathApp(c), c.req.param('volume')))),
  );
  routes.put('/apps/:app/volumes/:volume', async (c) => {
    const volume = volumeOf(c.var.simulation, pathApp(c), c.req.param('volume'));
    updateVolume(c.var.simulation, volume, await bodyOf(c.req.raw));
    return c.json(volumeWire(volume));
  });
  routes.put('/apps/:app/volumes/:volume/extend', async (c) => {
    const volume = volumeOf(c.var.simulation, pathApp(c), c.req.param('volume'));
    extendVolume(c.var.simulation, volume, await bodyOf(c.req.raw));
    return c.json({ volume: volumeWire(volume), needs_restart: volume.machine !== undefined });
  });
  routes.delete('/apps/:app/volumes/:volume', (c) => {
    const volume = volumeOf(c.var.simulation, pathApp(c), c.req.param('volume'));
    deleteVolume(c.var.simulation, volume);
    return c.json({ ...volumeWire(volume), state: 'scheduling_destroy' });
  });
  routes.get('/apps/:app/volumes/:volume/snapshots', (c) =>
    c.json(snapshotsWire(volumeOf(c.var.simulation, pathApp(c), c.req.param('volume')))),
  );
  routes.post('/apps/:app/volumes/:volume/snapshots', (c) => {
    snapshotVolume(c.var.simulation, volumeOf(c.var.simulation, pathApp(c), c.req.param('volume')));
    return c.json({ ok: true });
  });

  const shown = (query: string | undefined): boolean => query === 'true' || query === '1';
  routes.get('/apps/:app/secrets', (c) =>
    c.json(listSecrets(pathApp(c), shown(c.req.query('show_secrets')))),
  );
  routes.post('/apps/:app/secrets', async (c) =>
    c.json(changeSecrets(c.var.simulation, pathApp(c), await bodyOf(c.req.raw))),
  );
  routes.get('/apps/:app/secrets/:name', (c) =>
    c.json(showSecret(pathApp(c), c.req.param('name'), shown(c.req.query('show_secrets')))),
  );
  routes.post('/apps/:app/secrets/:name', async (c) =>
    c.json(setSecret(c.var.simulation, pathApp(c), c.req.param('name'), await bodyOf(c.req.raw)), 201),
  );
  routes.delete('/apps/:app/secrets/:name', (c) =>
    c.json(deleteSecret(c.var.simulation, pathApp(c), c.req.param('name'))),
  );

  routes.get('/apps/:app/ip_assignments', (c) =>
    c.json({ ips: addressesOf(c.var.simulation, pathApp(c)).map(addressWire) }),
  );
  routes.post('/apps/:app/ip_assignments', async (c) =>
    c.json(addressWire(assignAddress(c.var.simulation, pathApp(c), await bodyOf(c.req.raw)))),
  );
  routes.delete('/apps/:app/ip_assignments/:ip', (c) => {
    releaseAddress(c.var.simulation, pathApp(c), c.req.param('ip'));
    return c.body(null, 204);
  });
  return routes;
}
