import { z } from 'zod';
import { Browser } from '../browser.ts';
import { call, expectEqual, expectStatus } from '../calls.ts';
import type { Step } from '../story.ts';
import { signIn } from './login.ts';

const link = z.object({ url: z.string() });

export const signOn: Step = {
  title: "Single sign-on: one click leads, through Fly.io, to the resource's page; a stranger gets 403",
  play: async (story) => {
    const { url } = link.parse(
      expectStatus(
        await call({ method: 'GET', url: story.fly(`/extensions/${story.extensionId}/sso`) }),
        200,
      ),
    );
    const browser = new Browser();
    const landed = await signIn(browser, await browser.open(url), 'NeBO2G0l0yJ6');
    expectEqual('the page', new URL(landed.url).pathname, `/extensions/${story.extensionId}`);
    expectEqual('its status', landed.status, 200);
    const shown = await browser.open(`${story.house.publicUrl}/api/extensions/${story.extensionId}`);
    expectEqual('what the page may read', shown.status, 200);

    const stranger = new Browser();
    const refused = await signIn(stranger, await stranger.open(url), 'rzjkdw3g0ypx061q');
    expectEqual("the stranger's page", refused.status, 403);
    if (refused.text.includes(story.appName)) throw new Error('the refusal names what it hides');
    return { landed_on: new URL(landed.url).pathname, stranger: refused.status };
  },
};
