import { createUpstream } from '@hangar/flyio';
import type { TigrisClient } from '@hangar/flyio/tigris';
import {
  answerError,
  HangarError,
  silentLog,
  systemClock,
  type Clock,
  type Log,
  type RequestContext,
} from '@hangar/http';
import { Secret } from '@hangar/security';
import { markAnswer } from '../answer/head.ts';
import { createOrganizationRule, type AllowedOrganizations } from '../policy/org-policy.ts';
import type { MachineProfile } from '../profiles/profile.ts';
import { asAsked } from '../settle.ts';
import { AppGate } from './app-gate.ts';
import { bringBack, CallerUpstream } from './caller-upstream.ts';
import { createApp } from './create-app.ts';
import { deleteApp } from './delete-app.ts';
import type { PassthroughDeps } from './deps.ts';
import { readHandled } from './handled-request.ts';
import { headersForUpstream } from './headers.ts';
import { OneAtATime } from './one-at-a-time.ts';
import { passOn } from './pass-on.ts';
import { planPassage, type Passage } from './passage.ts';
import { writeMachine } from './write-machine.ts';

/** What the mode is made of. */
export interface PassthroughOptions {
  /** The Machines API, such as `https://api.machines.dev`. */
  readonly machinesUrl: string;
  /** Tigris with the operator's key. */
  readonly tigris: TigrisClient;
  /** `FLY_ALLOWED_ORGS`, read by `parseAllowedOrganizations`. Undefined allows nothing. */
  readonly allowedOrgs: AllowedOrganizations | undefined;
  /** Asks for the organization of the operator's own app, never with a caller's token. Undefined: there is no such app. */
  readonly organizationOf: (app: string) => Promise<string | undefined>;
  /** Where the buckets answer, as a machine sees it. */
  readonly storageEndpoint: string;
  /** `FLY_TIGRIS_BUCKET`: the operator's own bucket, which is never deleted. */
  readonly ownBucket?: string | undefined;
  /** How many apps of one organization may have storage; default 1000. */
  readonly maxApps?: number | undefined;
  /** How machine configs are rewritten; default not at all. */
  readonly profile?: MachineProfile | undefined;
  readonly now?: Clock | undefined;
  readonly log?: Log | undefined;
}

/** The user-env API in front of a Machines API. */
export interface Passthrough {
  fetch(request: Request, door: RequestContext): Promise<Response>;
  close(): Promise<void>;
}

const MAX_APPS = 1000;

/**
 * Makes the gateway in `passthrough` mode, which is the user-env API (docs/sources.md#user-env-api): the caller's own Fly.io
 * token goes upstream to the letter, apps are made and deleted with their storage, and every other `/v1/…` passes. It keeps
 * nothing: what is known of storage is at Tigris.
 *
 * @example
 * const passthrough = createPassthrough({ machinesUrl: 'https://api.machines.dev', tigris, allowedOrgs: ['acme'], ...rest });
 * const response = await passthrough.fetch(request, { rawTarget: '/v1/apps', requestId: '01K8Z5' });
 */
export function createPassthrough(options: PassthroughOptions): Passthrough {
  const { now = systemClock, allowedOrgs, organizationOf } = options;
  const pool = createUpstream({ baseUrl: options.machinesUrl, token: undefined });
  const upstream = new CallerUpstream(pool);
  const rule = createOrganizationRule({ allowed: allowedOrgs, now, organizationOf });
  const deps: PassthroughDeps = {
    upstream,
    tigris: options.tigris,
    rule,
    gate: new AppGate(upstream, rule, { allowsAll: allowedOrgs === '*', now }),
    perApp: new OneAtATime(),
    profile: options.profile ?? 'none',
    storageEndpoint: options.storageEndpoint,
    ownBucket: options.ownBucket,
    maxApps: options.maxApps ?? MAX_APPS,
    now,
    log: options.log ?? silentLog,
  };
  return {
    async fetch(request, door) {
      try {
        const planned = planPassage(request.method, door.rawTarget);
        if (!planned.ok) throw planned.reason;
        return await follow(planned.value, request, door, deps);
      } catch (thrown) {
        const response = answerError(thrown, door);
        markAnswer(response.headers, { requestId: door.requestId, environment: undefined });
        return asAsked(request.method, response);
      }
    },
    close: async () => await pool.close(),
  };
}

/** A refusal of ours comes before anything is asked of Tigris, and what upstream does not allow never reaches it. */
async function follow(
  passage: Passage,
  request: Request,
  door: RequestContext,
  deps: PassthroughDeps,
): Promise<Response> {
  const { target } = passage;
  const given = request.headers.get('authorization');
  const authorization = given === null || given.trim() === '' ? undefined : Secret.of(given);
  if (authorization === undefined) {
    if (passage.kind === 'pass' && passage.isOpen)
      return await passOn({ request, door, target, authorization }, deps);
    throw new HangarError('token_missing', { public: 'a Fly.io token is needed: Authorization: Bearer …' });
  }
  const callers = { request, door, authorization };
  switch (passage.kind) {
    case 'create-app':
      return await createApp(await readHandled(callers), target, deps);
    case 'delete-app':
      return await deleteApp(
        callers,
        { app: passage.app, target, headers: headersForUpstream(request.headers) },
        deps,
      );
    case 'write-machine':
    case 'pass': {
      const handled =
        passage.kind === 'write-machine' && deps.profile !== 'none' ? await readHandled(callers) : undefined;
      if (passage.kind === 'pass' && passage.organization !== undefined)
        await deps.gate.allow(passage.organization);
      const refused =
        passage.app === undefined
          ? undefined
          : await deps.gate.refusal(passage.app, authorization, request.signal);
      if (refused) return asAsked(request.method, await bringBack(refused, request.method, door));
      if (passage.kind === 'write-machine' && handled)
        return await writeMachine(handled, { app: passage.app, target }, deps);
      return asAsked(request.method, await passOn({ request, door, target, authorization }, deps));
    }
  }
}
