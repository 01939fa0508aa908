import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LOCATIONS } from '@hangar/macaroon';
import { call } from '../src/demo/calls.ts';
import { openHouse, type DemoHouse } from '../src/demo/house.ts';
import { environment } from '../src/demo/steps/environment.ts';
import { provision } from '../src/demo/steps/provision.ts';
import { Story } from '../src/demo/story.ts';
import { until } from '../src/processes/waiting.ts';

let house: DemoHouse;
let story: Story;

/** A token as `fly tokens create org` makes it, with its discharge and the login beside it. */
async function operatorToken(flyUrl: string, login: string): Promise<string> {
  const response = await fetch(`${flyUrl}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${login}` },
    body: JSON.stringify({
      query: `mutation { createLimitedAccessToken(input: {
        name: "hangar", organizationId: "op3rat0r5ecur1ty", profile: "deploy_organization", expiry: "720h"
      }) { limitedAccessToken { tokenHeader } } }`,
    }),
  });
  const { data } = (await response.json()) as {
    data: { createLimitedAccessToken: { limitedAccessToken: { tokenHeader: string } } };
  };
  return `${data.createLimitedAccessToken.limitedAccessToken.tokenHeader},${login}`;
}

const control = async (method: string, path: string, body?: object) =>
  await call({ method, url: story.fly(path), body });
const machines = async () =>
  await call({ method: 'GET', url: story.api(`/v1/apps/${story.appName}/machines`), token: story.token });

beforeAll(async () => {
  house = await openHouse({
    processes: 1,
    databaseUrl: undefined,
    onLine: () => {},
    built: true,
    operatorToken,
  });
  story = new Story(house, false);
}, 120_000);
afterAll(async () => await house.close());

describe('a Hangar whose FLY_API_TOKEN carries a discharge of 10.5 minutes', { timeout: 120_000 }, () => {
  test('works past it, says what is missing while Fly.io gives no other, and recovers by itself', async () => {
    await provision.play(story);
    await environment.play(story);

    await control('POST', '/clock', { advance_seconds: 700 });
    // Hangar looks at the simulated clock once a second.
    await until(
      'Hangar has noticed the time',
      async () => (await machines()).status === 200 || undefined,
      30_000,
    );

    await control('POST', '/faults', { door: 'discharges', kind: 'status', status: 503, times: 0 });
    await control('POST', '/clock', { advance_seconds: 700 });
    const refused = await until('Hangar has noticed the time again', async () => {
      const answer = await machines();
      return answer.status === 503 ? answer : undefined;
    });
    expect(refused.json).toMatchObject({
      code: 'discharge_expired',
      location: LOCATIONS.authentication,
      error: expect.stringContaining(LOCATIONS.authentication),
    });
    expect(refused.headers['retry-after']).toBe('10');
    expect(refused.text).not.toMatch(/fm2_|fo1_/);

    expect((await control('GET', '/faults')).json).toMatchObject({
      faults: [{ door: 'discharges', struck: expect.toSatisfy((times: number) => times > 0) }],
    });
    await control('DELETE', '/faults');
    await until(
      'Fly.io discharges again',
      async () => (await machines()).status === 200 || undefined,
      30_000,
    );
  });
});
