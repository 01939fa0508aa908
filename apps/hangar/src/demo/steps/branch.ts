import { Action } from '@hangar/macaroon';
import { z } from 'zod';
import { call, expectEqual, expectStatus } from '../calls.ts';
import type { Step } from '../story.ts';
import { until } from '../../processes/waiting.ts';
import { narrowed } from './narrow.ts';

const refusal = z.object({ code: z.string() });

export const branch: Step = {
  title: 'One child that was narrowed offline is revoked: its parent and its brothers live on',
  play: async (story) => {
    const look = { method: 'GET', url: story.api(`/v1/apps/${story.appName}`) };
    const leaked = narrowed(story.token, [{ type: 'Action', mask: Action.read }]);
    const grandchild = narrowed(leaked, [{ type: 'Apps', apps: new Map([[story.appNumber, Action.read]]) }]);
    const brother = narrowed(story.token, [{ type: 'Action', mask: Action.read | Action.control }]);
    for (const token of [leaked, grandchild, brother]) expectStatus(await call({ ...look, token }), 200);

    // Whoever finds the text may end it: no other credential is asked for.
    expectStatus(
      await call({ method: 'POST', url: story.api('/hangar/v1/tokens/revoke'), body: { token: leaked } }),
      200,
    );
    for (const token of [leaked, grandchild]) {
      await until('the revoked branch is refused', async () => {
        const answer = await call({ ...look, token });
        if (answer.status !== 401) return undefined;
        expectEqual('its code', refusal.parse(answer.json).code, 'token_revoked');
        return true;
      });
    }
    expectStatus(await call({ ...look, token: brother }), 200);
    expectStatus(await call({ ...look, token: story.token }), 200);
    return { revoked_child: 401, its_own_child: 401, brother: 200, parent: 200 };
  },
};
