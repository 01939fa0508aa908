import { Hono } from 'hono';
import type { App } from '../../world/platform.ts';
import { addressesOf, assignAddress, releaseAddress } from './addresses.ts';
import { createApp, mintDeployToken } from './apps.ts';
import { deleteApp } from './deletion.ts';
import { bodyAs } from '../request/body.ts';
import { organizationOf, seesApp } from '../request/caller.ts';
import { pathApp, queryOf, type MachinesContext, type MachinesEnv } from '../request/context.ts';
import { flagIn } from '../request/query.ts';
import { failedPrecondition, invalidArgument } from '../request/refusal.ts';
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
import { addressWire, appWire, volumeSummaryWire, volumeWire } from '../machine/wire.ts';

/** Apps, volumes, secrets and addresses (docs/specs/platform.md#apps). */
export function appRoutes(): Hono<MachinesEnv> {
  const routes = new Hono<MachinesEnv>({ strict: false });

  routes.get('/apps', (c) => {
    const slug = c.req.query('org_slug');
    if (!slug) throw invalidArgument('org_slug: is required');
    const { simulation, caller } = c.var;
    organizationOf(simulation, caller, slug);
    // An app without a role has none that could be asked for: flyctl deletes what it finds under its builder's role.
    const role = c.req.query('app_role') ?? '';
    const apps = [...simulation.world.apps.values()].filter(
      (app) =>
        app.organization === slug && (role === '' || app.role === role) && seesApp(simulation, caller, app),
    );
    return c.json({ total_apps: apps.length, apps: apps.map((app) => appWire(simulation.world, app)) });
  });
  routes.post('/apps', async (c) => {
    const app = createApp(c.var.simulation, c.var.caller, await bodyAs(c.req.raw, 'CreateAppRequest'));
    return c.json(appWire(c.var.simulation.world, app), 201);
  });
  routes.get('/apps/:app', (c) => c.json(appWire(c.var.simulation.world, pathApp(c))));
  routes.delete('/apps/:app', (c) => {
    deleteApp(c.var.simulation, pathApp(c));
    return c.body(null, 202);
  });
  routes.post('/apps/:app/deploy_token', async (c) =>
    c.json(
      mintDeployToken(c.var.simulation, pathApp(c), await bodyAs(c.req.raw, 'CreateAppDeployTokenRequest')),
    ),
  );

  routes.get('/apps/:app/volumes', (c) => {
    const volumes = volumesOf(c.var.simulation, pathApp(c));
    return c.json(volumes.map(flagIn(queryOf(c), 'summary') ? volumeSummaryWire : volumeWire));
  });
  routes.post('/apps/:app/volumes', async (c) =>
    c.json(
      volumeWire(createVolume(c.var.simulation, pathApp(c), await bodyAs(c.req.raw, 'CreateVolumeRequest'))),
    ),
  );
  routes.get('/apps/:app/volumes/:volume', (c) =>
    c.json(volumeWire(volumeOf(c.var.simulation, pathApp(c), c.req.param('volume')))),
  );
  routes.put('/apps/:app/volumes/:volume', async (c) => {
    const volume = volumeOf(c.var.simulation, pathApp(c), c.req.param('volume'));
    updateVolume(c.var.simulation, volume, await bodyAs(c.req.raw, 'UpdateVolumeRequest'));
    return c.json(volumeWire(volume));
  });
  routes.put('/apps/:app/volumes/:volume/extend', async (c) => {
    const volume = volumeOf(c.var.simulation, pathApp(c), c.req.param('volume'));
    extendVolume(c.var.simulation, volume, await bodyAs(c.req.raw, 'ExtendVolumeRequest'));
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

  routes.get('/apps/:app/secrets', (c) => c.json(listSecrets(secretsApp(c), shown(c))));
  routes.post('/apps/:app/secrets', async (c) =>
    c.json(changeSecrets(c.var.simulation, pathApp(c), await bodyAs(c.req.raw, 'AppSecretsUpdateRequest'))),
  );
  routes.get('/apps/:app/secrets/:name', (c) =>
    c.json(showSecret(secretsApp(c), c.req.param('name'), shown(c))),
  );
  routes.post('/apps/:app/secrets/:name', async (c) =>
    c.json(
      setSecret(
        c.var.simulation,
        pathApp(c),
        c.req.param('name'),
        await bodyAs(c.req.raw, 'SetAppSecretRequest'),
      ),
      201,
    ),
  );
  routes.delete('/apps/:app/secrets/:name', (c) =>
    c.json(deleteSecret(c.var.simulation, pathApp(c), c.req.param('name'))),
  );

  routes.get('/apps/:app/ip_assignments', (c) =>
    c.json({ ips: addressesOf(c.var.simulation, pathApp(c)).map(addressWire) }),
  );
  routes.post('/apps/:app/ip_assignments', async (c) =>
    c.json(
      addressWire(assignAddress(c.var.simulation, pathApp(c), await bodyAs(c.req.raw, 'assignIPRequest'))),
    ),
  );
  routes.delete('/apps/:app/ip_assignments/:ip', (c) => {
    releaseAddress(c.var.simulation, pathApp(c), c.req.param('ip'));
    return c.body(null, 204);
  });
  return routes;
}

function shown(c: MachinesContext): boolean {
  return flagIn(queryOf(c), 'show_secrets');
}

/** The app of the path, provided that its secrets are at least of the version that was asked for. */
function secretsApp(c: MachinesContext): App {
  const app = pathApp(c);
  for (const name of ['min_version', 'version']) {
    const text = queryOf(c).get(name) ?? '';
    if (!/^\d{0,15}$/.test(text)) throw invalidArgument(`${name} must be a whole number`);
    if (Number(text) > app.secretsVersion) {
      throw failedPrecondition(
        `secrets version ${text} is not available, current version is ${app.secretsVersion}`,
      );
    }
  }
  return app;
}
