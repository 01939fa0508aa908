import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAuthority } from '../../../test/harness/authority.ts';
import { createMemoryStore } from '../../../test/harness/memory-store.ts';
import { listenHere } from '../../../test/harness/stalled-request.ts';
import { browserBinary, NO_BROWSER, openBrowser, type TestBrowser } from './browser.ts';
import { openSignInHouse, type SignInHouse } from './dashboard-fly.ts';
import { type House, openHouse } from './dashboard-house.ts';
import { picture } from './dashboard-window.ts';

const why = browserBinary === undefined ? ` (skipped: ${NO_BROWSER})` : '';

/** Pages of sign-in as Chromium shows them, under their own policy. */
describe.skipIf(browserBinary === undefined)(`the pages of sign-in in a browser${why}`, () => {
  let house: House;
  let signIn: SignInHouse;
  let server: Awaited<ReturnType<typeof listenHere>>;
  let browser: TestBrowser;

  beforeAll(async () => {
    house = await openHouse();
    signIn = await openSignInHouse(house);
    const { discharge } = openAuthority(createMemoryStore(), () => new Date());
    server = await listenHere({
      fetch: async (request, door) => {
        const { pathname } = new URL(request.url);
        if (pathname.startsWith('/flyio/')) return await signIn.provider.fetch(request, door);
        if (pathname.startsWith('/discharge/')) return await discharge.fetch(request, door);
        return await signIn.dashboard.fetch(request, door);
      },
    });
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close(0);
    await signIn?.close();
    await house?.close();
  });

  const cases = [
    ['/flyio/callback?code=x&state=y', 'Please start again'],
    ['/flyio/extensions/unknown/sso', 'Nothing here'],
    ['/discharge/login?flow=unknown', 'There is nothing to decide here'],
  ] as const;
  it.each(cases.flatMap((page) => (['light', 'dark'] as const).map((scheme) => [...page, scheme] as const)))(
    '%s says %j in our style, in %s, and leads on',
    async (path, title, colorScheme) => {
      const visit = await browser.visit({ origins: [server.url], colorScheme });
      const { page } = visit;
      await page.goto(`${server.url}${path}`);
      await page.getByRole('heading', { level: 1, name: title }).waitFor();
      const look = await page.evaluate(() => {
        const { fontFamily } = getComputedStyle(document.body);
        const canvas = document.createElement('div');
        document.body.append(canvas);
        canvas.style.color = 'canvas';
        return {
          fontFamily,
          margin: getComputedStyle(document.body).marginTop !== '8px',
          light: getComputedStyle(canvas).color === 'rgb(255, 255, 255)',
        };
      });
      expect(look).toEqual({
        fontFamily: 'system-ui, sans-serif',
        margin: true,
        light: colorScheme === 'light',
      });
      await page.screenshot({ path: picture(`${title.toLowerCase().replaceAll(' ', '-')}-${colorScheme}`) });
      // The page is an error on purpose, which Chromium notes.
      expect(visit.complaints.filter((complaint) => !complaint.includes('Failed to load resource'))).toEqual(
        [],
      );
      await page.getByRole('link', { name: 'Start page' }).click();
      await page.getByRole('heading', { level: 1, name: 'Sign in to Logjam' }).waitFor();
      expect(new URL(page.url()).pathname).toBe('/');
      await visit.close();
    },
  );
});
