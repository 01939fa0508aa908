import { describe, expect, test } from 'vitest';
import { missingTickets, parseBundle, LOCATIONS } from '@hangar/macaroon';
import { control, flaps, send, stage, type Stage } from './world.ts';
import { simulatedSecrets, type SimulatorOptions } from '../src/index.ts';

const create = `mutation { createLimitedAccessToken(input: {
  name: "ci", organizationId: "op3rat0r5ecur1ty", profile: "deploy_organization", expiry: "24h"
}) { limitedAccessToken { token } } }`;

async function tokenOf(on: Stage): Promise<string> {
  const answer = await send('POST', `${on.api}/graphql`, {
    body: { query: create },
    headers: { authorization: `Bearer ${simulatedSecrets.operatorToken}` },
  });
  return answer.text('data.createLimitedAccessToken.limitedAccessToken.token');
}

/** The token without its discharges, and the tickets that it then lacks. */
function bare(text: string): { token: string; tickets: ReturnType<typeof missingTickets> } {
  const [token = ''] = text.split(',');
  const bundle = parseBundle(token, LOCATIONS.permission);
  if (!bundle.ok) throw new Error('no bundle');
  return { token, tickets: missingTickets(bundle.value) };
}

async function at(thirdParty: NonNullable<SimulatorOptions['thirdParty']>): Promise<Stage> {
  const on = await stage({ thirdParty });
  await flaps(on)('POST', '/apps', { app_name: 'one', org_slug: 'operator' });
  return on;
}

describe('whom a token asks is a setting', () => {
  test('nobody: it lives as long as it says, without any discharge', async () => {
    const on = await at('nobody');
    const text = await tokenOf(on);
    expect([text.includes(','), bare(text).tickets]).toEqual([false, []]);
    await control(on)('POST', '/clock', { advance_seconds: 3600 });
    expect((await flaps(on, text)('GET', '/apps/one')).status).toBe(200);
  });

  test('loopback: its ticket names the simulator itself, which discharges whoever brings it', async () => {
    const on = await at('loopback');
    const text = await tokenOf(on);
    const { token, tickets } = bare(text);
    const [ticket] = tickets;
    expect(ticket?.location).toBe(`${on.api}/aaa/v1`);
    expect((await flaps(on, text)('GET', '/apps/one')).status).toBe(200);
    await control(on)('POST', '/clock', { advance_seconds: 700 });
    expect((await flaps(on, text)('GET', '/apps/one')).status).toBe(401);
    // As flyctl asks at an address that is not Fly.io's: without its login.
    const answer = await send('POST', `${ticket?.location}/.well-known/macfly/3p`, {
      body: { ticket: Buffer.from(ticket?.ticket ?? new Uint8Array()).toString('base64') },
    });
    expect(answer.status).toBe(201);
    const whole = `${token},${answer.text('discharge')}`;
    expect((await flaps(on, whole)('GET', '/apps/one')).status).toBe(200);
  });

  test('fly, unless it is said otherwise: the ticket names api.fly.io', async () => {
    const on = await at('fly');
    expect(bare(await tokenOf(on)).tickets.map((one) => one.location)).toEqual([LOCATIONS.authentication]);
  });
});
