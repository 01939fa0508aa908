import { verifySignature, type Secret } from '@hangar/security';
import { casesOf, type Case } from '../../lab/case.ts';
import { claim, claimTaken } from '../../lab/claims.ts';
import { isObject } from '../../lab/exchange.ts';
import { skip, type Lab } from '../../lab/lab.ts';
import type { Hook } from '../../twin/twin.ts';
import { settled } from '../effects.ts';

const { must, should } = casesOf('webhooks', 'docs/specs/extensions.md#webhooks', 'twin', 'trigger');

const ACTIONS = ['resource.created', 'resource.updated', 'resource.deleted'];
/** Between a change and its webhook. A provider that sweeps once a minute would be seen here. */
const ARRIVES_MS = 30_000;
const LOOK_MS = 100;
/** A webhook that should not come would be here by then. */
const QUIET_MS = 2_000;
const WINDOW_SECONDS = 300;

/** A webhook, read. */
export interface Message {
  readonly hook: Hook;
  readonly action: unknown;
  readonly resource: Readonly<Record<string, unknown>>;
  readonly json: Readonly<Record<string, unknown>>;
}

export function read(hook: Hook): Message {
  let json: unknown;
  try {
    json = JSON.parse(hook.body);
  } catch {
    json = undefined;
  }
  const members = isObject(json) ? json : {};
  const resource = isObject(members['resource']) ? members['resource'] : {};
  return { hook, action: members['action'], resource, json: members };
}

/** Waits for a webhook about that resource, among those since `from`. */
export async function awaitHook(
  lab: Lab,
  id: string,
  from: number,
  fits: (message: Message) => boolean = () => true,
): Promise<Message> {
  const giveUp = lab.elapsed() + ARRIVES_MS;
  for (;;) {
    const found = lab
      .twin()
      .hooks.slice(from)
      .map(read)
      .find((one) => one.hook.answered > 0 && one.resource['id'] === id && fits(one));
    if (found !== undefined) return found;
    claim(lab.elapsed() < giveUp, `no such webhook about ${id} came within ${ARRIVES_MS / 1000} s`);
    await lab.pause(LOOK_MS);
  }
}

/** Changes something at the provider's own side, and waits until Fly.io was told. */
async function changed(lab: Lab): Promise<Message> {
  const { id } = await lab.made();
  await settled(lab, id);
  const from = lab.twin().hooks.length;
  await lab.trigger().act({ do: 'change', id });
  return await awaitHook(lab, id, from);
}

function verifies(hook: Hook, secret: Secret): boolean {
  return verifySignature([secret], Buffer.from(hook.body), hook.headers.get('x-signature')).ok;
}

export const WEBHOOK_CASES: readonly Case[] = [
  must('WH-01', 'A change is one POST of JSON to the address that Fly.io gave out.', async (lab) => {
    const from = lab.twin().hooks.length;
    const { hook, resource } = await changed(lab);
    claim(hook.path.startsWith('/api/hooks/extensions/'), `it went to ${hook.path}`);
    claim(hook.headers.get('content-type')?.startsWith('application/json') ?? false, 'it is no JSON');
    await lab.pause(QUIET_MS);
    const all = lab
      .twin()
      .hooks.slice(from)
      .map(read)
      .filter((one) => one.resource['id'] === resource['id']);
    claim(all.length === 1, `Fly.io was told ${all.length} times of one change`);
  }),
  {
    ...must(
      'WH-02',
      'It is signed over its bytes with the secret of the webhooks, and not with the other one.',
      async (lab) => {
        const { hook } = await changed(lab);
        claim(
          lab.webhookSecret !== undefined && verifies(hook, lab.webhookSecret),
          'its signature does not hold',
        );
        claim(!verifies(hook, lab.secret), 'it is signed with the secret of provisioning');
      },
    ),
    needs: ['twin', 'trigger', 'webhook-secret'],
  },
  must('WH-03', 'It is one of three actions, about the id of the provider.', async (lab) => {
    const { action, json } = await changed(lab);
    claim(typeof action === 'string' && ACTIONS.includes(action), `the action is ${String(action)}`);
    claim(!('resource_id' in json), 'the id stands beside the resource, too');
  }),
  must('WH-04', 'Its timestamp is text, and now.', async (lab) => {
    const { json } = await changed(lab);
    const { timestamp } = json;
    claim(typeof timestamp === 'string' && /^\d{10}$/.test(timestamp), 'the timestamp is no text of seconds');
    const off = Math.abs(Number(timestamp) - lab.now().getTime() / 1000);
    claim(off <= WINDOW_SECONDS, `the timestamp is ${Math.round(off)} s off`);
  }),
  must(
    'WH-05',
    'A resource that was made at the provider is announced with its organization and user.',
    async (lab) => {
      const from = lab.twin().hooks.length;
      const { organizationId, userId } = lab.person;
      const name = lab.order()['name'] ?? '';
      const id = await lab
        .trigger()
        .act({ do: 'create', name, organization_id: organizationId, user_id: userId });
      const { resource } = await awaitHook(lab, id, from, (one) => one.action === 'resource.created');
      claim(resource['organization_id'] === organizationId, 'the organization is another one, or none');
      claim(resource['user_id'] === userId, 'the user is another one, or none');
      await lab.remove(id);
    },
  ),
  must('WH-06', 'A resource that was deleted at the provider is announced.', async (lab) => {
    const { id } = await lab.made();
    await settled(lab, id);
    const from = lab.twin().hooks.length;
    await lab.trigger().act({ do: 'delete', id });
    await awaitHook(lab, id, from, (one) => one.action === 'resource.deleted');
  }),
  must('WH-07', 'No webhook holds a value of a `config`.', async (lab) => {
    const { hook } = await changed(lab);
    claim(!('config' in read(hook).resource), 'the resource has a `config`');
    for (const value of lab.handedOut)
      claim(value.length < 6 || !hook.body.includes(value), 'it holds a value of a `config`');
  }),
  must('WH-12', 'What Fly.io asked for is not told back.', async (lab) => {
    const { id } = await lab.made(lab.regional());
    await settled(lab, id);
    const from = lab.twin().hooks.length;
    const answer = await lab.patch(id, { read_regions: [] });
    if (answer.status === 422) skip('nothing of a resource can be changed, and the provider says so');
    claimTaken(answer);
    if (answer.status === 202) return;
    await lab.pause(QUIET_MS);
    const told = lab
      .twin()
      .hooks.slice(from)
      .map(read)
      .some((one) => one.resource['id'] === id);
    claim(!told, 'a PATCH that was answered is announced as well', answer);
  }),
  should('WH-09', 'After two changes in a row the last state is told last.', async (lab) => {
    const { id } = await lab.made();
    await settled(lab, id);
    const from = lab.twin().hooks.length;
    await lab.trigger().act({ do: 'change', id });
    await lab.trigger().act({ do: 'change', id });
    await awaitHook(lab, id, from);
    await lab.pause(QUIET_MS);
    const last = lab
      .twin()
      .hooks.slice(from)
      .map(read)
      .findLast((one) => one.resource['id'] === id);
    const shown = await lab.get(id);
    claim(last?.resource['status'] === shown.json['status'], 'Fly.io was told another state last', shown);
  }),
];
