import { describe, expect, it } from 'vitest';
import { parseAllowedOrganizations, type Workspace } from '@hangar/gateway';
import { checkOrganizationSlug, createOrganizationRule } from '../src/policy/org-policy.ts';

const at = (time: { now: Date }) => () => time.now;
const fixed = () => new Date('2026-09-21T00:00:00Z');

async function allowed(
  list: string | undefined,
  app: string | undefined,
  organization: string,
  ofApp?: string,
) {
  const rule = createOrganizationRule({
    allowed: parseAllowedOrganizations(list, app),
    organizationOf: async () => ofApp,
    now: fixed,
  });
  return (await rule.allows(organization)).ok;
}

describe('FLY_ALLOWED_ORGS', () => {
  it('allows those it lists and no others', async () => {
    expect(await allowed('org1, org2', undefined, 'org2')).toBe(true);
    expect(await allowed('org1,org2', undefined, 'org3')).toBe(false);
    expect(await allowed('org1,org2', undefined, 'ORG1')).toBe(false);
    expect(await allowed('org1,*', undefined, 'org3')).toBe(false);
    expect(await allowed(' , ', 'my-app', 'org1', 'org1')).toBe(false);
  });

  it('allows every organization as *', async () => {
    expect(await allowed('*', undefined, 'any')).toBe(true);
  });

  it('unset allows the organization of FLY_APP_NAME only, and nothing without it', async () => {
    expect(await allowed(undefined, 'my-app', 'org1', 'org1')).toBe(true);
    expect(await allowed('', 'my-app', 'org2', 'org1')).toBe(false);
    expect(await allowed(undefined, 'my-app', 'org1', undefined)).toBe(false);
    expect(await allowed(undefined, undefined, 'org1')).toBe(false);
    expect(await allowed(undefined, '', 'org1')).toBe(false);
  });

  it('looks the organization of the app up again after some minutes', async () => {
    const time = { now: fixed() };
    let asked = 0;
    const rule = createOrganizationRule({
      allowed: { currentApp: 'my-app' },
      organizationOf: async () => `org${(asked += 1)}`,
      now: at(time),
    });
    expect((await rule.allows('org1')).ok).toBe(true);
    expect((await rule.allows('org1')).ok).toBe(true);
    time.now = new Date(time.now.getTime() + 301_000);
    expect((await rule.allows('org1')).ok).toBe(false);
    expect((await rule.allows('org2')).ok).toBe(true);
  });
});

describe('org_slug', () => {
  const workspace = { slug: 'ws-own' } as Workspace;

  it('may be left out or be exactly the workspace', () => {
    expect(checkOrganizationSlug(undefined, workspace)).toBeUndefined();
    expect(checkOrganizationSlug('ws-own', workspace)).toBeUndefined();
  });

  it.each([
    null,
    '',
    'WS-OWN',
    ' ws-own',
    'ws-own ',
    'ws-own\u200b',
    'wѕ-own',
    ['ws-own'],
    { slug: 'ws-own' },
    0,
    true,
    'ws-own,other',
    '*',
  ])('is refused as %j (GATE-2)', (given) => {
    expect(checkOrganizationSlug(given, workspace)?.status).toBe(403);
  });
});
