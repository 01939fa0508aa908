import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserBinary, NO_BROWSER, openBrowser, type TestBrowser, type Visit } from './browser.ts';
import { picture } from './dashboard-window.ts';
import { call } from '../src/demo/calls.ts';
import { type DemoHouse, openHouse } from '../src/demo/house.ts';
import { environment } from '../src/demo/steps/environment.ts';
import { provision } from '../src/demo/steps/provision.ts';
import { Story } from '../src/demo/story.ts';

/** The built product and the simulated Fly.io, with a person at the page and a client at the gateway. */

let house: DemoHouse;
let story: Story;
let browser: TestBrowser;
let visit: Visit;
let page: Page;
const log: string[] = [];
const sent: string[] = [];

const why = browserBinary === undefined ? ` (skipped: ${NO_BROWSER})` : '';

/** Asks the gateway with a token. */
const ask = async (method: string, path: string, token: string) => {
  const answer = await call({ method, url: story.api(path), token });
  return { status: answer.status, json: answer.json as Record<string, unknown> };
};

/** True when any sixteen characters of a token, in steps of sixteen, are in one of the texts. */
function carried(texts: readonly string[], token: string): boolean {
  for (let at = 4; at + 16 <= token.length; at += 16) {
    const piece = token.slice(at, at + 16);
    if (texts.some((text) => text.includes(piece) || text.includes(encodeURIComponent(piece)))) return true;
  }
  return false;
}

describe.skipIf(browserBinary === undefined)(
  `tokens of the page at the gateway${why}`,
  { timeout: 120_000 },
  () => {
    beforeAll(async () => {
      house = await openHouse({
        processes: 1,
        databaseUrl: undefined,
        onLine: (line) => log.push(line),
        built: true,
      });
      story = new Story(house, false);
      await provision.play(story);
      await environment.play(story);
      browser = await openBrowser();
      visit = await browser.visit({ origins: [house.publicUrl, house.flyUrl] });
      ({ page } = visit);
      const start = await call({ method: 'GET', url: story.fly(`/extensions/${story.extensionId}/sso`) });
      await page.goto(String((start.json as { url: unknown }).url));
      await page.locator('button[name=user_id][value=NeBO2G0l0yJ6]').click();
      await page.getByRole('heading', { name: 'Environments' }).waitFor();
      visit.complaints.length = 0;
      log.length = 0;
      page.on('request', (request) =>
        sent.push([request.url(), JSON.stringify(request.headers()), request.postData() ?? ''].join('\n')),
      );
    }, 120_000);
    afterAll(async () => {
      await browser?.close();
      await house?.close();
    });

    it('narrow a token without letting it leave: it works for what was left and is refused by caveat for the rest', async () => {
      await page.getByRole('link', { name: 'Tokens', exact: true }).click();
      await page.getByRole('tab', { name: 'Read and narrow' }).click();
      await page.getByLabel('Token', { exact: true }).fill(story.token);
      const form = page.getByRole('region', { name: 'Narrow it' });
      await form.getByLabel(`${story.appName} (`).check();
      for (const word of ['Write', 'Create', 'Delete'])
        await form.getByLabel(new RegExp(`^${word} `)).uncheck();
      await form.getByLabel('Lifetime').selectOption('1 hour');
      const made = page.getByRole('region', { name: 'The new token' });
      await made
        .getByText(`May do read and control on app ${story.appNumber}, and nothing on any other.`)
        .waitFor();
      const narrowed = (await page.getByLabel('The narrowed token').innerText()).trim();
      await page.screenshot({ path: picture('narrow-end-to-end'), fullPage: true });

      const machine = `/v1/apps/${story.appName}/machines/${story.machineId}`;
      expect((await ask('GET', `/v1/apps/${story.appName}`, narrowed)).status).toBe(200);
      expect((await ask('POST', `${machine}/stop`, narrowed)).status).toBe(200);
      const refused = await ask('DELETE', `/v1/apps/${story.appName}`, narrowed);
      expect(refused).toMatchObject({ status: 403, json: { code: 'caveat_denied' } });
      expect(refused.json['caveat']).toBe(
        `May do read and control on app ${story.appNumber}, and nothing on any other.`,
      );
      expect(String(refused.json['error'])).toMatch(/delete/);
      const elsewhere = await ask('GET', `/v1/apps/${story.otherAppName}`, narrowed);
      expect(elsewhere.status).toBe(403);
      expect((await ask('GET', `/v1/apps/${story.otherAppName}`, story.token)).status).toBe(200);

      expect(sent.length).toBeGreaterThan(0);
      expect(log.some((line) => line.includes('/api/minting'))).toBe(true);
      for (const token of [story.token, narrowed]) {
        expect(carried(sent, token)).toBe(false);
        expect(carried(log, token)).toBe(false);
      }
      expect(visit.complaints).toEqual([]);
    });

    it('are minted on the page, used from an address that the list shows, and revoked there', async () => {
      await page.getByRole('tab', { name: 'Issued' }).click();
      await page.getByRole('button', { name: 'New token' }).click();
      const form = page.getByRole('region', { name: 'New token' });
      await form.getByLabel('What it is for').selectOption('app-control');
      await form.getByLabel('App', { exact: true }).selectOption(story.appName);
      await form.getByLabel('Name').fill('celery-autoscaler');
      await form.getByRole('button', { name: 'Mint it' }).click();
      const token = (await page.getByLabel('The new token').innerText()).trim();
      expect((await ask('GET', `/v1/apps/${story.appName}`, token)).status).toBe(200);
      await page.getByRole('button', { name: 'I have stored it' }).click();
      await page.reload();
      const row = page.getByRole('row', { name: 'celery-autoscaler' });
      await row.getByText('from 127.0.0.1').waitFor();
      await row.getByText('by you').waitFor();
      await page.screenshot({ path: picture('issued-end-to-end'), fullPage: true });
      await page.getByRole('button', { name: 'Revoke celery-autoscaler' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
      await row.getByText('revoked', { exact: true }).waitFor();
      const after = await ask('GET', `/v1/apps/${story.appName}`, token);
      expect(after).toMatchObject({ status: 401, json: { code: 'token_revoked' } });
      expect((await ask('GET', `/v1/apps/${story.appName}`, story.token)).status).toBe(200);
      expect(carried(log, token)).toBe(false);
      expect(visit.complaints).toEqual([]);
    });
  },
);
