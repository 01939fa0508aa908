import { afterEach, describe, expect, inject, test } from 'vitest';
import { type Hangars, startHangars } from '../../../test/harness/hangars.ts';

const server = inject('postgresUrl');
let hangars: Hangars | undefined;
afterEach(async () => await hangars?.close());

/** Starts one process, and gives back what it says of its credentials. */
async function said(environment: Record<string, string>): Promise<{ refused: unknown[]; accepted: unknown }> {
  hangars = await startHangars({ environment, ...(server === '' ? {} : { databaseUrl: server }) });
  const [first] = hangars.servers;
  if (first === undefined) throw new Error('nothing was started');
  const last = await first.process.line((line) => line.includes('"msg":"credentials were tried"'));
  const lines = first.process.lines
    .filter((line) => line.includes('a credential is refused'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const metrics = await (await fetch(`${first.url}/metrics`)).text();
  for (const { variable } of lines)
    expect(metrics).toContain(`hangar_credential_refused{variable="${String(variable)}"} 1`);
  return {
    refused: lines.map(({ variable }) => variable).sort(),
    accepted: (JSON.parse(last) as { accepted: unknown }).accepted,
  };
}

describe('a start with credentials', { timeout: 120_000 }, () => {
  test('that are right says so', async () => {
    expect(await said({})).toEqual({
      refused: [],
      accepted: ['FLY_API_TOKEN', 'FLY_TIGRIS_SECRET_ACCESS_KEY', 'HANGAR_OAUTH_CLIENT_SECRET'],
    });
  });

  test('that look right and are refused names each variable', async () => {
    const wrong = {
      FLY_API_TOKEN: 'fo1_000000000000000000000000',
      FLY_TIGRIS_SECRET_ACCESS_KEY: 'tsec_0000000000000000',
      HANGAR_OAUTH_CLIENT_SECRET: '0000000000000000000000000000',
    };
    expect(await said(wrong)).toEqual({ refused: Object.keys(wrong).sort(), accepted: [] });
  });

  test('with a key id of nobody names that', async () => {
    const { refused } = await said({ FLY_TIGRIS_ACCESS_KEY_ID: 'tid_0000000000000000' });
    expect(refused).toEqual(['FLY_TIGRIS_ACCESS_KEY_ID']);
  });
});
