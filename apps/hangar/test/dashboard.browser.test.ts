import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserBinary, NO_BROWSER } from './browser.ts';
import { crash, type Estate, furnish } from './dashboard-estate.ts';
import type { House } from './dashboard-house.ts';
import { openWindow, picture, type Window } from './dashboard-window.ts';

let house: House;
let origin: string;
let enter: Window['enter'];
let opened: Window;

const why = browserBinary === undefined ? ` (skipped: ${NO_BROWSER})` : '';

describe.skipIf(browserBinary === undefined)(`the dashboard in a browser${why}`, () => {
  beforeAll(async () => {
    opened = await openWindow();
    ({ house, origin, enter } = opened);
  });
  afterAll(async () => await opened?.close());

  const pageOf = (estate: Estate) => `${origin}/extensions/${estate.extensionId}`;

  it.each(['light', 'dark'] as const)('shows a signed-in admin everything, in %s', async (colorScheme) => {
    const [estate] = house.estates;
    const visit = await enter({ estate, role: 'admin' }, { colorScheme });
    const { page } = visit;
    await page.goto(pageOf(estate));
    await page.getByRole('heading', { level: 1, name: estate.mark }).waitFor();
    for (const text of [
      `app-${estate.mark}`,
      `bucket-${estate.mark}`,
      `autoscaler-${estate.mark}`,
      'May do read and control on app',
      'compute.vcpu_seconds',
      'io.fly.machine.started',
      'gabriella@customer.example',
      // By the server's clock, which these tests hold still.
      '3 days ago',
    ]) {
      await page.getByText(text, { exact: false }).first().waitFor();
    }
    const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(background).toBe(colorScheme === 'light' ? 'rgb(241, 243, 245)' : 'rgb(20, 20, 20)');
    await page.screenshot({ path: picture(`extension-${colorScheme}`), fullPage: true });
    await page.goto(`${origin}/`);
    await page.getByRole('link', { name: estate.mark }).waitFor();
    await page.screenshot({ path: picture(`home-${colorScheme}`), fullPage: true });
    expect(visit.complaints).toEqual([]);
    await visit.close();
  });

  it('shows hostile names as text and runs nothing of them (SIGN-6, SSO-23)', async () => {
    const [estate] = house.estates;
    const visit = await enter({ estate, role: 'member' });
    await visit.page.goto(pageOf(estate));
    await visit.page.getByText('<img src=x onerror=alert(1)>').first().waitFor();
    await visit.page.getByText('<b>started</b>').first().waitFor();
    expect(await visit.page.locator('img').count()).toBe(1);
    expect(visit.complaints).toEqual([]);
    await visit.close();
  });

  it('lets an admin revoke a token, by keyboard, after asking', async () => {
    const estate = house.estates[1];
    const visit = await enter({ estate, role: 'admin' });
    const { page } = visit;
    await page.goto(pageOf(estate));
    const revoke = page.getByRole('button', { name: `Revoke autoscaler-${estate.mark}` });
    await revoke.focus();
    await page.keyboard.press('Enter');
    const question = page.getByRole('dialog');
    await question.getByText('This cannot be undone.').waitFor();
    await page.screenshot({ path: picture('revoke') });
    await page.keyboard.press('Escape');
    await question.waitFor({ state: 'hidden' });
    expect(house.done).toEqual([]);
    await revoke.click();
    await question.getByRole('button', { name: 'Revoke' }).click();
    await question.waitFor({ state: 'hidden' });
    await revoke.waitFor({ state: 'hidden' });
    await page.getByText('revoked', { exact: true }).waitFor();
    expect(house.done).toEqual([{ action: 'revoke', id: estate.tokenId, by: 'NeBO2G0l0yJ6' }]);
    expect(visit.complaints).toEqual([]);
    await visit.close();
  });

  it('lets an admin send a webhook again', async () => {
    house.done.length = 0;
    const estate = house.estates[2];
    const visit = await enter({ estate, role: 'admin' });
    const { page } = visit;
    await page.goto(pageOf(estate));
    const again = page.getByRole('button', { name: 'Send resource.updated again' });
    await again.click();
    await page.getByRole('dialog').getByRole('button', { name: 'Send again' }).click();
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    expect(house.done.map(({ action }) => action)).toEqual(['redeliver']);
    expect(visit.complaints).toEqual([]);
    await visit.close();
  });

  it('offers a member nothing to change', async () => {
    const estate = house.estates[2];
    const visit = await enter({ estate, role: 'member' });
    await visit.page.goto(pageOf(estate));
    await visit.page.getByText('You are a member of this organization').waitFor();
    await visit.page.getByText(`autoscaler-${estate.mark}`).waitFor();
    expect(await visit.page.getByRole('button', { name: /Revoke|again/ }).count()).toBe(0);
    expect(visit.complaints).toEqual([]);
    await visit.close();
  });

  it('signs out, and the back button shows nothing of before', async () => {
    const [estate] = house.estates;
    const visit = await enter({ estate, role: 'admin' });
    const { page } = visit;
    await page.goto(pageOf(estate));
    await page.getByText(`autoscaler-${estate.mark}`).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('link', { name: 'Sign in with Fly.io' }).waitFor();
    await page.getByText('fly ext logjam dashboard -a myapp').waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: 'Sign in to see this page' }).waitFor();
    expect(await page.getByText(estate.mark).count()).toBe(0);
    expect(visit.complaints).toEqual([]);
    await visit.close();
  });

  it('tells a stranger how to sign in, on the page that was asked for', async () => {
    const [estate] = house.estates;
    const visit = await enter(undefined);
    await visit.page.goto(pageOf(estate));
    const link = visit.page.getByRole('link', { name: 'Sign in with Fly.io' });
    const expected = `/flyio/login?return_to=${encodeURIComponent(`/extensions/${estate.extensionId}`)}`;
    expect(await link.getAttribute('href')).toBe(expected);
    await visit.page.screenshot({ path: picture('sign-in') });
    expect(visit.complaints).toEqual([]);
    await visit.close();
  });

  it('shows another organization’s extension as not there', async () => {
    const [mine, foreign] = house.estates;
    const visit = await enter({ estate: mine, role: 'admin' });
    await visit.page.goto(pageOf(foreign));
    await visit.page.getByText('There is no such extension for you').waitFor();
    expect(await visit.page.getByText(foreign.mark).count()).toBe(0);
    // Browsers report the 404 themselves; nothing else may be reported.
    expect(visit.complaints).toEqual([expect.stringContaining('404 (Not Found)')]);
    await visit.close();
  });

  it('shows what failed, why, and the request id to report', async () => {
    const [estate] = house.estates;
    const visit = await enter({ estate, role: 'admin' });
    await visit.page.route('**/tokens', async (route) => {
      const body = { error: 'something went wrong', code: 'internal', request_id: 'req_broken' };
      await route.fulfill({ status: 500, json: body });
    });
    await visit.page.goto(pageOf(estate));
    const failure = visit.page.getByRole('alert');
    await failure.getByText('Tokens could not be loaded').waitFor();
    await failure.getByText('req_broken').waitFor();
    await visit.page.getByText(`app-${estate.mark}`).waitFor();
    await visit.page.screenshot({ path: picture('failure'), fullPage: true });
    await visit.page.unroute('**/tokens');
    await failure.getByRole('button', { name: 'Try again' }).click();
    await visit.page.getByText(`autoscaler-${estate.mark}`).waitFor();
    expect(await failure.count()).toBe(0);
    await visit.close();
  });

  it.each(['light', 'dark'] as const)(
    'shows a machine that is down in red, and why, in %s',
    async (colorScheme) => {
      const estate = await furnish(house.store.db, `down-${colorScheme}`, house.authority);
      await crash(house.store.db, estate);
      const visit = await enter({ estate, role: 'member' }, { colorScheme });
      await visit.page.goto(pageOf(estate));
      const why = visit.page.getByText('out of memory, exit code 137');
      await why.waitFor();
      await visit.page.getByText('failed', { exact: true }).first().waitFor();
      await visit.page.getByText(`machine machine-${estate.mark}`).waitFor();
      const color = await why.evaluate((element) => getComputedStyle(element).color);
      const [red = 0, green = 0, blue = 0] = (color.match(/\d+/g) ?? []).map(Number);
      expect(red).toBeGreaterThan(50 + Math.max(green, blue));
      expect(visit.complaints).toEqual([]);
      await visit.page.screenshot({ path: picture(`down-${colorScheme}`), fullPage: true });
      await visit.close();
    },
  );

  it('fits a phone: the page itself never scrolls sideways', async () => {
    const [estate] = house.estates;
    const visit = await enter({ estate, role: 'admin' }, { viewport: { width: 390, height: 800 } });
    await visit.page.goto(pageOf(estate));
    await visit.page.getByText(`autoscaler-${estate.mark}`).waitFor();
    const overflow = await visit.page.evaluate(
      () => document.documentElement.scrollWidth - window.innerWidth,
    );
    expect(overflow).toBeLessThanOrEqual(0);
    await visit.page.screenshot({ path: picture('phone'), fullPage: true });
    await visit.close();
  });
});
