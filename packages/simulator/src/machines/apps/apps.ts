import { Action } from '@hangar/macaroon';
import { randomBase36 } from '../../ids.ts';
import type { Simulation } from '../../simulation.ts';
import { mintToken } from '../../tokens/issuer.ts';
import type { App } from '../../world/platform.ts';
import { Table } from '../../world/table.ts';
import { nextNumber } from '../../world/world.ts';
import { durationOf, textOf } from '../request/body.ts';
import { organizationOf, type Caller } from '../request/caller.ts';
import { invalidArgument, Refusal } from '../request/refusal.ts';
import type { JsonObject } from '../../world/json.ts';

/** First internal number of an app; macaroons name apps by these. */
const FIRST_APP_NUMBER = 90_000;

const APP_NAME = /^[a-z0-9-]{1,63}$/;

/** A deploy token of Fly.io lives this long when nobody says otherwise (175200h). */
const DEPLOY_TOKEN_MS = 175_200 * 3_600_000;

/** Creates an app. 422 with the word `name_taken` when the name is in use anywhere on the platform. */
export function createApp(simulation: Simulation, caller: Caller, body: JsonObject): App {
  const { world, clock } = simulation;
  const name = textOf(body, 'name') ?? textOf(body, 'app_name');
  const slug = textOf(body, 'org_slug');
  if (slug === undefined) throw invalidArgument('org_slug: is required');
  const organization = organizationOf(simulation, caller, slug);
  if (name === undefined || !APP_NAME.test(name)) {
    throw new Refusal(422, 'Validation failed: Name may only contain lowercase letters, digits and dashes');
  }
  if (world.apps.has(name)) {
    throw new Refusal(422, 'Validation failed: Name has already been taken', 'name_taken');
  }
  const role = textOf(body, 'app_role_id');
  const app: App = {
    id: randomBase36(14),
    number: FIRST_APP_NUMBER + nextNumber(world),
    name,
    organization,
    network: textOf(body, 'network') ?? 'default',
    role,
    createdAtMs: clock.nowMs(),
    secretsVersion: 0,
    secrets: new Table(),
  };
  world.apps.set(name, app);
  return app;
}

/** `POST /v1/apps/{app}/deploy_token`: a macaroon that covers this app only. `expiry` is a Go duration. */
export function mintDeployToken(simulation: Simulation, app: App, body: JsonObject): { token: string } {
  const lifetimeMs = durationOf(body['expiry']) ?? DEPLOY_TOKEN_MS;
  if (lifetimeMs <= 0) throw invalidArgument('expiry must be longer than nothing');
  const token = mintToken(simulation, {
    organization: simulation.world.organizations.get(app.organization)?.number ?? 0,
    apps: [app.number],
    actions: Action.all,
    expiresAtMs: simulation.clock.nowMs() + lifetimeMs,
  });
  return { token: `FlyV1 ${token}` };
}
