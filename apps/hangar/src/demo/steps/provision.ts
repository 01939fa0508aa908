import { z } from 'zod';
import { call, expectEqual, expectStatus } from '../calls.ts';
import type { Step } from '../story.ts';

const bought = z.object({
  extension: z.object({ id: z.string(), config: z.record(z.string(), z.string()) }),
  exchange: z.object({ id: z.union([z.string(), z.number()]), status: z.number() }),
});
const replayed = z.object({ status: z.number(), body: z.string() });

/** Organization and user that the simulated Fly.io knows. */
const CUSTOMER = { organization_id: '04La2mblTaz', user_id: 'NeBO2G0l0yJ6' };

export const provision: Step = {
  title: 'Fly.io provisions: a signed request, answered with a config that holds a macaroon',
  play: async (story) => {
    const order = { id: story.flyId, name: story.flyId, primary_region: 'fra', ...CUSTOMER };
    const answer = await story.withCrash(
      async () => await call({ method: 'POST', url: story.fly('/extensions'), body: order }),
      20,
    );
    const { extension, exchange } = bought.parse(expectStatus(answer, 200, 201));
    story.extensionId = extension.id;
    story.token = extension.config['HANGAR_API_TOKEN'] ?? '';
    story.workspaceSlug = extension.config['HANGAR_ORG'] ?? '';
    expectEqual('the address in config', extension.config['HANGAR_API_URL'], story.house.gatewayUrl);
    if (!story.token.startsWith('fm2_')) throw new Error('config holds no macaroon');

    const again = bought.parse(
      expectStatus(await call({ method: 'POST', url: story.fly('/extensions'), body: order }), 200, 201),
    );
    expectEqual('the id of a second order', again.extension.id, extension.id);

    const refusals: number[] = [];
    for (const server of story.house.servers) {
      const replay = await call({
        method: 'POST',
        url: story.fly(`/exchanges/${again.exchange.id}/replay`),
        body: { base_url: `${server.url}/flyio` },
      });
      const { status, body } = replayed.parse(expectStatus(replay, 200, 201));
      refusals.push(status);
      if (body.includes('HANGAR_API_TOKEN')) throw new Error('a replay was answered with config');
    }
    expectEqual(
      'the answers to replays',
      refusals,
      story.house.servers.map(() => 401),
    );
    return {
      extension: extension.id,
      status: exchange.status,
      config: Object.keys(extension.config).join(' '),
      replays_refused: refusals.length,
    };
  },
};
