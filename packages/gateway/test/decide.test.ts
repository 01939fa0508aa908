import { Action, type Caveat } from '@hangar/macaroon';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ok, refuse } from '@hangar/http';
import {
  planRequest,
  verdictOn,
  type Caller,
  type Environment,
  type Verdict,
  type Workspace,
} from '@hangar/gateway';
import { callerOf, mintToken } from './verifier.ts';

const now = new Date('2026-09-21T14:13:20Z');
const machine = '5683977ad31768';
const workspace: Workspace = {
  number: 70001n,
  slug: 'ws-high-flyers',
  extensionId: 'ext',
  organizationId: 'org',
  createdAt: now,
  closedAt: undefined,
};

function environmentOf(changes: Partial<Environment> = {}): Environment {
  return {
    id: 'env_01K8Z4AAAAAAAAAAAAAAAAAAAA',
    workspace: 70001n,
    name: 'own',
    phase: 'ready',
    generation: 1,
    role: undefined,
    numericId: 90017n,
    upstreamId: 'x',
    network: 'n',
    bucket: 'b',
    keyName: 'k',
    accessKeyId: 'tid_x',
    sealedSecretKey: undefined,
    policyName: 'p',
    policyArn: 'arn',
    flycastAddress: undefined,
    key: undefined,
    class: undefined,
    labels: {},
    expiresAt: undefined,
    deleteAfter: undefined,
    createdByToken: 't',
    createdByBranch: 'b',
    journal: [],
    failure: undefined,
    holder: undefined,
    heldUntil: undefined,
    createdAt: now,
    updatedAt: now,
    readyAt: now,
    deletedAt: undefined,
    ...changes,
  };
}

const rC = Action.read | Action.control;
const oneApp: Caveat = { type: 'Apps', apps: new Map([[90017n, rC]]) };
const oneHour: Caveat = { type: 'ValidityWindow', notBefore: 1_790_000_000, notAfter: 1_790_003_600 };

async function caller(caveats: readonly Caveat[], changes: Partial<Caller> = {}): Promise<Caller> {
  const verified = await callerOf(mintToken(70001n, caveats));
  return { verified, workspace, environment: environmentOf(), organization: ok(true), now, ...changes };
}

const none = new Headers();
const start = `/v1/apps/own/machines/${machine}/start`;

/** The verdict about a target, with what becomes of the request when it is allowed. */
function decide(method: string, target: string, headers: Headers, from: Caller) {
  const planned = planRequest(method, target);
  if (!planned.ok) return { kind: 'refuse' as const, error: planned.reason };
  const verdict: Verdict = verdictOn(planned.value, headers, from);
  const { treatment } = planned.value.route;
  if (verdict.kind === 'refuse' || treatment.kind === 'refuse')
    return verdict as Extract<Verdict, { kind: 'refuse' }>;
  return {
    ...verdict,
    kind: treatment.kind,
    target: planned.value.upstreamTarget(),
    ...(treatment.kind === 'handle' ? { handler: treatment.handler } : {}),
  };
}

describe('a decision', () => {
  it('lets a token for one app, read and control, start and stop its machines', async () => {
    const narrow = await caller([oneApp, oneHour]);
    expect(decide('POST', start, none, narrow)).toMatchObject({ kind: 'forward', target: start });
    expect(decide('POST', start.replace('start', 'lease'), none, narrow).kind).toBe('forward');
    expect(decide('GET', `/v1/apps/own/machines/${machine}`, none, narrow).kind).toBe('forward');
  });

  it('refuses the same token to delete, and names the caveat', async () => {
    const decision = decide('DELETE', `/v1/apps/own/machines/${machine}`, none, await caller([oneApp]));
    expect(decision).toMatchObject({ kind: 'refuse', error: { code: 'caveat_denied', status: 403 } });
    expect(decision.kind === 'refuse' && decision.error.extra?.['caveat']).toContain('90017');
  });

  it('refuses a token of another app with 403 and never shows an app of another workspace', async () => {
    const other: Caveat = { type: 'Apps', apps: new Map([[90018n, Action.all]]) };
    expect(decide('POST', start, none, await caller([other]))).toMatchObject({
      kind: 'refuse',
      error: { code: 'caveat_denied' },
    });
    const foreign = await caller([], { environment: environmentOf({ workspace: 70002n }) });
    expect(decide('GET', '/v1/apps/own', none, foreign)).toMatchObject({
      error: { status: 403, sentence: 'unauthorized' },
    });
    expect(decide('POST', start, none, foreign)).toMatchObject({ error: { code: 'not_found' } });
    const free = await caller([], { environment: undefined });
    expect(decide('GET', '/v1/apps/own', none, free)).toMatchObject({ error: { code: 'not_found' } });
  });

  it('lets a token with Apps caveats list apps but not make any', async () => {
    const narrow = await caller([oneApp], { environment: undefined });
    expect(decide('GET', '/v1/apps', none, narrow)).toMatchObject({ kind: 'handle', handler: 'list-apps' });
    expect(decide('POST', '/v1/apps', none, narrow)).toMatchObject({ error: { code: 'caveat_denied' } });
  });

  it('is 401 once the token has expired, for every route, foreign apps included', async () => {
    const late = new Date('2026-09-22T00:00:00Z');
    expect(decide('POST', start, none, await caller([oneHour], { now: late }))).toMatchObject({
      error: { status: 401 },
    });
    const gone = await caller([oneHour], { now: late, environment: undefined });
    expect(decide('GET', '/v1/apps/any', none, gone)).toMatchObject({ error: { code: 'token_expired' } });
  });

  it('asks caveats about commands for the words that will run', async () => {
    const commands: Caveat = {
      type: 'IfPresent',
      ifs: [{ type: 'Commands', commands: [{ args: ['npm', 'test'], exact: true }] }],
      else: Action.read,
    };
    const exec = `/v1/apps/own/machines/${machine}/exec`;
    const may = async (command: readonly string[]) =>
      decide('POST', exec, none, await caller([oneApp, commands], { command }));
    expect((await may(['npm', 'test'])).kind).toBe('handle');
    expect(await may(['npm', 'run', 'x'])).toMatchObject({ error: { code: 'caveat_denied' } });
    expect(decide('POST', start, none, await caller([oneApp, commands]))).toMatchObject({
      error: { code: 'caveat_denied' },
    });
  });

  it('asks for write access when secret values are to be shown', async () => {
    const reader = await caller([{ type: 'Action', mask: Action.read }]);
    expect(decide('GET', '/v1/apps/own/secrets', none, reader).kind).toBe('forward');
    expect(decide('GET', '/v1/apps/own/secrets?show_secrets=true', none, reader)).toMatchObject({
      error: { code: 'caveat_denied' },
    });
  });

  it('refuses every app route when the organization is not allowed, or the workspace was closed', async () => {
    const denied = await caller([], { organization: refuse({ tag: 'not_configured' }) });
    expect(decide('POST', '/v1/apps', none, denied)).toMatchObject({
      error: { code: 'org_not_allowed', status: 403 },
    });
    expect(decide('POST', start, none, denied)).toMatchObject({ error: { code: 'org_not_allowed' } });
    const closed = await caller([], { workspace: { ...workspace, closedAt: now } });
    expect(decide('POST', start, none, closed)).toMatchObject({ error: { code: 'gone' } });
  });

  it('refuses an org_slug in the query that is not exactly the workspace', async () => {
    const anyone = await caller([]);
    expect(decide('GET', '/v1/apps?org_slug=ws-high-flyers', none, anyone).kind).toBe('handle');
    for (const slug of ['WS-HIGH-FLYERS', 'operator', '', 'ws-high-flyers%20', '*']) {
      expect(decide('GET', `/v1/apps?org_slug=${slug}`, none, anyone)).toMatchObject({
        error: { code: 'org_not_allowed' },
      });
    }
    const twice = '/v1/apps?org_slug=ws-high-flyers&org_slug=operator';
    expect(decide('GET', twice, none, anyone)).toMatchObject({ error: { code: 'org_not_allowed' } });
    expect(decide('GET', '/v1/orgs/operator/machines', none, anyone)).toMatchObject({
      error: { code: 'org_not_allowed' },
    });
  });

  it('has nothing below an app that is being made or deleted', async () => {
    const making = await caller([], { environment: environmentOf({ phase: 'provisioning' }) });
    expect(decide('POST', start, none, making)).toMatchObject({ error: { code: 'state_conflict' } });
    const dying = await caller([], { environment: environmentOf({ phase: 'deleting' }) });
    expect(decide('POST', start, none, dying)).toMatchObject({ error: { code: 'not_found' } });
    expect(decide('DELETE', '/v1/apps/own', none, dying).kind).toBe('handle');
  });

  it('never passes on a header that is not on the list (GATE-3)', async () => {
    const anyone = await caller([]);
    const names = fc.constantFrom(
      'authorization',
      'cookie',
      'host',
      'connection',
      'keep-alive',
      'proxy-authorization',
      'te',
      'trailer',
      'expect',
      'transfer-encoding',
      'fly-src',
      'fly-src-signature',
      'fly-client-ip',
      'fly-force-instance-id',
      'fly-force-trace',
      'x-forwarded-for',
      'x-forwarded-host',
      'x-forwarded-user',
      'forwarded',
      'via',
      'x-org',
      'content-length',
      'origin',
      'referer',
      'user-agent',
      'accept',
      'fly-machine-lease-nonce',
      'x-request-id',
      'idempotency-key',
      'content-type',
    );
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(names, fc.stringMatching(/^[a-z0-9]{1,20}$/)), {
          maxLength: 12,
          selector: ([name]) => name,
        }),
        (pairs) => {
          const decision = decide('POST', start, new Headers(pairs), anyone);
          if (decision.kind === 'refuse') throw new Error('not forwarded');
          for (const name of Object.keys(decision.headers))
            expect(['accept', 'fly-machine-lease-nonce']).toContain(name);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('GATE-13: refuses compressed bodies, other protocols and malformed lease nonces', async () => {
    const anyone = await caller([]);
    expect(decide('POST', start, new Headers({ 'content-encoding': 'gzip' }), anyone)).toMatchObject({
      error: { status: 415 },
    });
    expect(decide('POST', start, new Headers({ upgrade: 'websocket' }), anyone)).toMatchObject({
      error: { status: 400 },
    });
    const nonce = new Headers({ 'fly-machine-lease-nonce': 'a b' });
    expect(decide('POST', start, nonce, anyone)).toMatchObject({ error: { status: 400 } });
  });

  it('is the same for the same arguments', async () => {
    const narrow = await caller([oneApp]);
    expect(decide('POST', start, none, narrow)).toEqual(decide('POST', start, none, narrow));
  });
});
