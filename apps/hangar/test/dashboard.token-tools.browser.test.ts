import {
  Action,
  addThirdParty,
  attenuate,
  decodeToken,
  encodeToken,
  LOCATIONS,
  mint,
  parseBundle,
} from '@hangar/macaroon';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { browserBinary, NO_BROWSER } from './browser.ts';
import { type Estate, furnish, NOW } from './dashboard-estate.ts';
import { openWindow, picture, type Window } from './dashboard-window.ts';

let opened: Window;
let estate: Estate;

const why = browserBinary === undefined ? ` (skipped: ${NO_BROWSER})` : '';

/** A token as Fly.io makes them: many caveats, and two third parties that must agree. */
function flyToken(): string {
  const key = new Uint8Array(32).fill(7);
  const base = mint({
    key,
    keyId: new TextEncoder().encode('fly-key'),
    location: LOCATIONS.permission,
    caveats: [{ type: 'Organization', id: 4721n, mask: 0xffff }],
  });
  const start = Math.floor(NOW.getTime() / 1000);
  const narrowed = attenuate(base, [
    {
      type: 'IfPresent',
      ifs: [
        { type: 'Apps', apps: new Map([[123n, Action.all]]) },
        { type: 'FeatureSet', features: new Map([['wg', Action.all]]) },
      ],
      else: Action.read,
    },
    { type: 'ValidityWindow', notBefore: start - 60, notAfter: start + 86_400 },
  ]);
  const asking = { sharedKey: key, ticketCaveats: [{ type: 'ConfineUser', id: 77n } as const] };
  const once = addThirdParty(narrowed, { ...asking, location: LOCATIONS.newAuthentication });
  return encodeToken(addThirdParty(once, { ...asking, location: 'https://auth.acme.example' }));
}

/** Every request of a page as text, as Chromium sent it. */
function sent(page: Page): string[] {
  const requests: string[] = [];
  page.on('request', (request) =>
    requests.push(
      [request.method(), request.url(), JSON.stringify(request.headers()), request.postData() ?? ''].join(
        '\n',
      ),
    ),
  );
  return requests;
}

/** Pieces of a token, anywhere in it: none of them may be found where the token must not be. */
function pieces(token: string): string[] {
  const found: string[] = [];
  for (let at = 4; at + 16 <= token.length; at += 16) found.push(token.slice(at, at + 16));
  return found;
}
const holding = (texts: readonly string[], token: string): string[] =>
  texts.filter((text) =>
    pieces(token).some((piece) => text.includes(piece) || text.includes(encodeURIComponent(piece))),
  );

describe.skipIf(browserBinary === undefined)(
  `the token tools in a browser${why}`,
  { timeout: 60_000 },
  () => {
    beforeAll(async () => {
      opened = await openWindow();
    });
    afterAll(async () => await opened?.close());
    beforeEach(async () => {
      estate = await furnish(opened.house.store.db, 'delta', opened.house.authority);
      opened.heard.length = 0;
    });

    const admin = () => ({ estate, role: 'admin' as const });

    it.each(['light', 'dark'] as const)(
      'explains a pasted token caveat by caveat, and no request carries any of it, in %s',
      async (colorScheme) => {
        const visit = await opened.enter(admin(), { colorScheme });
        const { page } = visit;
        const requests = sent(page);
        await page.goto(`${opened.origin}/tokens?tool=read`);
        const token = flyToken();
        await page.getByLabel('Token', { exact: true }).fill(`FlyV1 ${token}\n`);
        const report = page.getByRole('region', { name: 'What it says' });
        for (const text of [
          'May do anything in organization 4721.',
          'Where it concerns one of these, it decides',
          'tomorrow',
          'App 123',
          'Needs a discharge from "https://auth.acme.example".',
          'Fly.io, where a person signs in',
          'token_incomplete',
        ]) {
          await report.getByText(text).first().waitFor();
        }
        const row = report.getByRole('row', { name: 'App 123' });
        expect(await row.getByText('yes', { exact: true }).count()).toBe(5);
        const organization = report.getByRole('row', { name: 'The organization itself' });
        expect(await organization.getByText('yes', { exact: true }).count()).toBe(1);
        await page.getByText('Why not?').first().click();
        await page.screenshot({ path: picture(`tokens-read-${colorScheme}`), fullPage: true });
        expect(requests.length).toBeGreaterThan(3);
        expect(holding(requests, token)).toEqual([]);
        expect(holding(opened.heard, token)).toEqual([]);
        const kept = await page.evaluate(() =>
          JSON.stringify([
            ...[localStorage, sessionStorage].flatMap((kept) => Object.entries(kept)),
            document.cookie,
            location.href,
          ]),
        );
        expect(holding([kept], token)).toEqual([]);
        expect(visit.complaints).toEqual([]);
        await visit.close();
      },
    );

    it('calls a truncated text truncated, wherever it was cut (TOK-13)', async () => {
      const visit = await opened.enter(admin());
      const { page } = visit;
      await page.goto(`${opened.origin}/tokens?tool=read`);
      const box = page.getByLabel('Token', { exact: true });
      const token = estate.token;
      for (const length of [1, 3, 4, 5, 60, 61, 62, 63, Math.floor(token.length / 2), token.length - 1]) {
        await box.fill(token.slice(0, length));
        await page.getByRole('alert').getByText('token_truncated').waitFor();
      }
      await page.screenshot({ path: picture('tokens-truncated') });
      await box.fill(token);
      await page.getByRole('region', { name: 'What it says' }).waitFor();
      await box.fill('fo1_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa');
      await page.getByText('This is an OAuth token').waitFor();
      await box.fill('hello');
      await page.getByRole('alert').getByText('token_malformed').waitFor();
      expect(visit.complaints).toEqual([]);
      await visit.close();
    });

    it('says that a token is over, and what it could do while it lasted', async () => {
      const visit = await opened.enter(admin());
      const { page } = visit;
      const whole = decodeToken(estate.token);
      if (!whole.ok) throw new Error('not a token');
      const start = Math.floor(NOW.getTime() / 1000);
      const over = attenuate(whole.value, [
        { type: 'ValidityWindow', notBefore: start - 7200, notAfter: start - 3600 },
      ]);
      await page.goto(`${opened.origin}/tokens?tool=read`);
      await page.getByLabel('Token', { exact: true }).fill(encodeToken(over));
      const report = page.getByRole('region', { name: 'What it says' });
      await report.getByText('expired', { exact: true }).waitFor();
      await report.getByText('1 hour ago').waitFor();
      await report.getByText('Nothing right now: it is outside its time. Within it:').waitFor();
      await visit.close();
    });

    it('narrows a token by keyboard alone, and says every sentence of the new one before it is copied', async () => {
      const visit = await opened.enter(admin());
      const { page, context } = visit;
      await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: opened.origin });
      const requests = sent(page);
      await page.goto(`${opened.origin}/tokens?tool=read`);
      const { token } = await opened.house.authority.tokens.mint({
        workspace: estate.workspace,
        preset: 'org',
        name: 'whole',
        creator: 'milo',
      });
      await page.getByLabel('Token', { exact: true }).focus();
      await page.keyboard.insertText(token);
      const form = page.getByRole('region', { name: 'Narrow it' });
      await form.waitFor();
      for (const word of ['Write', 'Create', 'Delete']) {
        await form.getByLabel(new RegExp(`^${word} `)).focus();
        await page.keyboard.press('Space');
      }
      await form.getByLabel(`app-${estate.mark}`).focus();
      await page.keyboard.press('Space');
      await form.getByLabel('Lifetime').selectOption('1 hour');
      const made = page.getByRole('region', { name: 'The new token' });
      await made
        .getByText(`May do read and control on app ${estate.app}, and nothing on any other.`)
        .waitFor();
      await made.getByText('Valid from').nth(1).waitFor();
      expect(await made.getByText('new', { exact: true }).count()).toBe(2);
      const own = made.getByRole('row', { name: `app-${estate.mark}` });
      expect(await own.getByRole('cell').allInnerTexts()).toEqual(
        ['✓', '–', '–', '–', '✓'].map((mark) => expect.stringContaining(mark)),
      );
      await page.screenshot({ path: picture('tokens-narrow'), fullPage: true });
      await page.getByRole('button', { name: 'Copy the token' }).focus();
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Copied' }).waitFor();
      const copied = await page.evaluate(async () => await navigator.clipboard.readText());
      const narrowed = decodeToken(copied);
      const whole = decodeToken(token);
      if (!narrowed.ok || !whole.ok) throw new Error('not a token');
      expect(narrowed.value.caveats.slice(whole.value.caveats.length).map(({ type }) => type)).toEqual([
        'Apps',
        'ValidityWindow',
      ]);
      expect((await opened.house.authority.verifier.verify(copied)).ok).toBe(true);
      for (const text of [token, copied]) {
        expect(holding(requests, text)).toEqual([]);
        expect(holding(opened.heard, text)).toEqual([]);
      }
      expect(visit.complaints).toEqual([]);
      await visit.close();
    });

    it('makes a token with apps, machines and features that allows each of them and nothing else', async () => {
      const visit = await opened.enter(admin());
      const { page } = visit;
      await page.goto(`${opened.origin}/tokens?tool=read`);
      const { token } = await opened.house.authority.tokens.mint({
        workspace: estate.workspace,
        preset: 'org',
        name: 'whole',
        creator: 'milo',
      });
      await page.getByLabel('Token', { exact: true }).fill(token);
      const form = page.getByRole('region', { name: 'Narrow it' });
      await form.getByLabel('Other apps').fill('none');
      await page.getByText('Apps stand in tokens by number').waitFor();
      await form.getByLabel('Other apps').fill('90001');
      await form.getByLabel('Machines', { exact: true }).fill('148e21, 148e22');
      await form.getByLabel('wg (private network)').check();
      const made = page.getByRole('region', { name: 'The new token' });
      const allowed = async (name: string) =>
        await made.getByRole('row', { name }).getByText('yes', { exact: true }).count();
      await made.getByRole('row', { name: 'Feature wg' }).waitFor();
      expect(await allowed('Machine 148e21')).toBe(5);
      expect(await allowed('Feature wg')).toBe(5);
      expect(await allowed('Any other app')).toBe(0);
      expect(await allowed('The organization itself')).toBe(0);
      await visit.close();
    });

    it('mints a token, shows it once, lists it with who and when, and revokes it', async () => {
      const visit = await opened.enter(admin());
      const { page } = visit;
      await page.goto(`${opened.origin}/tokens`);
      await page.getByRole('button', { name: 'New token' }).click();
      const form = page.getByRole('region', { name: 'New token' });
      await form.getByLabel('Name').fill('celery-autoscaler');
      await form.getByLabel('Lifetime').selectOption('30 days');
      await page.screenshot({ path: picture('tokens-mint'), fullPage: true });
      await page.keyboard.press('Enter');
      await page.getByText('celery-autoscaler: copy it now, it is shown only this once').waitFor();
      const token = (await page.getByLabel('The new token').innerText()).trim();
      const bundle = parseBundle(token, LOCATIONS.permission);
      expect(bundle.ok).toBe(true);
      await page.screenshot({ path: picture('tokens-minted'), fullPage: true });
      const row = page.getByRole('row', { name: 'celery-autoscaler' });
      await row.getByText('by you').waitFor();
      await row.getByText('in 1 month').waitFor();
      await row.getByText('never').waitFor();
      await page.getByRole('button', { name: 'I have stored it' }).click();
      expect(holding([await page.content()], token)).toEqual([]);
      await page.reload();
      await row.waitFor();
      expect(holding([await page.content()], token)).toEqual([]);

      const verified = await opened.house.authority.verifier.verify(token);
      if (!verified.ok) throw new Error(verified.reason.sentence);
      verified.value.clear({
        action: Action.read,
        orgId: estate.workspace,
        appId: estate.app,
        now: NOW,
        extension: { remoteAddress: '203.0.113.7' },
      });
      await page.reload();
      await row.getByText('from 203.0.113.7').waitFor();
      await page.getByRole('button', { name: 'Revoke celery-autoscaler' }).click();
      const question = page.getByRole('dialog');
      await question.getByLabel(`Every token for app-${estate.mark}`).check();
      await question.getByText('These 2 tokens die:').waitFor();
      await question.getByText(`autoscaler-${estate.mark}`).waitFor();
      await page.screenshot({ path: picture('tokens-revoke') });
      await question.getByLabel('Every token that you created here').check();
      await question.getByText('This token dies:').waitFor();
      await question.getByRole('button', { name: 'Revoke' }).click();
      await question.waitFor({ state: 'hidden' });
      await row.getByText('revoked', { exact: true }).waitFor();
      expect((await opened.house.authority.verifier.verify(token)).ok).toBe(false);
      expect((await opened.house.authority.verifier.verify(estate.token)).ok).toBe(true);
      await page.getByLabel('Only active').click();
      await row.waitFor({ state: 'detached' });
      expect(visit.complaints).toEqual([]);
      await visit.close();
    });

    it('shows which field was wrong, and the request id, when a token could not be made', async () => {
      const visit = await opened.enter(admin());
      const { page } = visit;
      await page.goto(`${opened.origin}/tokens`);
      await page.getByRole('button', { name: 'New token' }).click();
      await page.getByLabel('Name').fill('\u200b');
      await page.getByRole('button', { name: 'Mint it' }).click();
      const failure = page.getByRole('alert');
      await failure.getByText('No token was made').waitFor();
      await failure.getByText(/req_\d+/).waitFor();
      await failure.getByText('name', { exact: true }).waitFor();
      await visit.close();
    });

    it('ends a text that leaked and not the token it came from', async () => {
      const visit = await opened.enter({ estate, role: 'member' });
      const { page } = visit;
      const whole = decodeToken(estate.token);
      if (!whole.ok) throw new Error('not a token');
      const leaked = encodeToken(attenuate(whole.value, [{ type: 'Action', mask: Action.read }]));
      await page.goto(`${opened.origin}/tokens?tool=report`);
      await page.getByLabel('The text you found').fill(leaked.slice(0, 80));
      await page.getByText('token_truncated').waitFor();
      const send = page.getByRole('button', { name: 'Send it and end this copy' });
      expect(await send.isDisabled()).toBe(true);
      await page.getByLabel('The text you found').fill(`FLY_API_TOKEN="FlyV1 ${leaked}"`);
      await page.getByLabel('Where it was').fill('a build log');
      await page.screenshot({ path: picture('tokens-report'), fullPage: true });
      await send.click();
      await page.getByText('It works no more').waitFor();
      expect((await opened.house.authority.verifier.verify(leaked)).ok).toBe(false);
      expect((await opened.house.authority.verifier.verify(estate.token)).ok).toBe(true);
      expect(await page.getByLabel('The text you found').inputValue()).toBe('');
      expect(visit.complaints).toEqual([]);
      await visit.close();
    });

    it('fits a phone of 375 pixels with every tool open', async () => {
      const visit = await opened.enter(admin(), {
        viewport: { width: 375, height: 800 },
        colorScheme: 'dark',
      });
      const { page } = visit;
      const overflow = async () =>
        await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      await page.goto(`${opened.origin}/tokens`);
      await page.getByText(`autoscaler-${estate.mark}`).waitFor();
      await page.getByRole('button', { name: 'New token' }).click();
      expect(await overflow()).toBeLessThanOrEqual(0);
      await page.screenshot({ path: picture('phone-issued'), fullPage: true });
      await page.getByRole('tab', { name: 'Issued' }).focus();
      await page.keyboard.press('ArrowRight');
      await page.getByLabel('Token', { exact: true }).fill(estate.token);
      await page.getByLabel(`app-${estate.mark}`).check();
      await page.getByRole('region', { name: 'The new token' }).waitFor();
      expect(await overflow()).toBeLessThanOrEqual(0);
      await page.screenshot({ path: picture('phone-read'), fullPage: true });
      await page.getByRole('tab', { name: 'Report a leak' }).click();
      expect(await overflow()).toBeLessThanOrEqual(0);
      expect(visit.complaints).toEqual([]);
      await visit.close();
    });

    it('is fetched when somebody goes there, and not before', async () => {
      const visit = await opened.enter(admin());
      const { page } = visit;
      const requests = sent(page);
      await page.goto(`${opened.origin}/extensions/${estate.extensionId}`);
      await page.getByText(`autoscaler-${estate.mark}`).waitFor();
      expect(requests.filter((request) => request.includes('/assets/TokensPage'))).toEqual([]);
      await page.getByRole('link', { name: 'Tokens', exact: true }).click();
      await page.getByRole('button', { name: 'New token' }).waitFor();
      expect(requests.filter((request) => /assets\/TokensPage-[^"]*\.js/.test(request))).toHaveLength(1);
      await visit.close();
    });
  },
);
