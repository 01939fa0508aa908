import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { DELETE_GRACE_MS } from '../src/options.ts';
import type { CutOffContext } from '../src/seller.ts';
import { gate, testSeller } from './world/seller.ts';
import { openWorld, order, type World } from './world/world.ts';

const GRACE_SECONDS = DELETE_GRACE_MS / 1000;

let world: World;
const seller = testSeller();
/** Extensions whose customers still have access. */
const open = new Set<string>();
let onCutOff: ((context: CutOffContext) => Promise<void>) | undefined;
const cutOff = async (context: CutOffContext): Promise<void> => {
  await onCutOff?.(context);
  seller.calls.push(`cutOff ${context.extension.id}`);
  open.delete(context.extension.id);
};

let members: Record<string, unknown>;
let id: string;
beforeAll(async () => {
  world = await openWorld({ seller: { ...seller, cutOff } });
});
afterAll(async () => await world.close());
beforeEach(async () => {
  onCutOff = undefined;
  seller.onDeprovision = undefined;
  members = order();
  id = await provision(members);
  open.add(id);
});

const provision = async (wanted: Record<string, unknown>): Promise<string> => (await ask(wanted)).json['id'];
const ask = async (wanted: Record<string, unknown>) =>
  await world.send(world.draft({ method: 'POST', path: '/extensions', members: wanted }));
const resume = async (): Promise<void> => {
  await world.run('resume');
  await world.provider.idle();
};
const destroyed = () => seller.calls.filter((call) => call === `deprovision ${id}`).length;

describe('a deleted extension', () => {
  test('DEL-08: loses its access at once and its data after 72 hours', async () => {
    let destroyAt: Date | undefined;
    onCutOff = async (context) => void (destroyAt = context.destroyAt);
    expect((await world.remove(id)).status).toBe(204);
    expect(destroyAt?.getTime()).toBe(world.clock.now().getTime() + DELETE_GRACE_MS);
    expect(open.has(id)).toBe(false);
    expect(seller.resources.has(id)).toBe(true);
    expect((await world.get(id)).status).toBe(404);
    expect((await world.patch(id, { plan: 'pro' })).status).toBe(404);
    expect((await world.remove(id)).status).toBe(204);
    world.clock.advance(GRACE_SECONDS - 10);
    await resume();
    expect(destroyed()).toBe(0);
    world.clock.advance(11);
    await resume();
    expect(seller.resources.has(id)).toBe(false);
    expect(destroyed()).toBe(1);
    world.clock.advance(GRACE_SECONDS);
    await resume();
    expect(destroyed()).toBe(1);
    // Fly.io asked for it and was answered; nothing is announced, neither then nor now.
    expect(world.receiver.received.filter((hook) => hook.message.resource['id'] === id)).toEqual([]);
  });

  test('keeps its id and its name: the same order is a conflict, a new one gets another name', async () => {
    await world.remove(id);
    const again = await ask(members);
    expect(again).toMatchObject({
      status: 409,
      json: { code: 'conflict', error: 'the id was used by a deleted resource' },
    });
    const name = String(members['name']);
    const other = await ask(order({ name }));
    expect(other.status).toBe(201);
    expect(other.json['name']).not.toBe(name);
    world.clock.advance(GRACE_SECONDS + 1);
    await resume();
    expect((await ask(members)).status).toBe(409);
    expect((await ask(order({ name }))).json['name']).toBe(name);
  });

  test('is destroyed at once without a grace, without anything to cut off, and when it was never ready', async () => {
    for (const change of [{ deleteGraceMs: 0 }, { seller }]) {
      id = await provision(order());
      await world.remove(id, world.replica(change));
      expect([destroyed(), seller.resources.has(id)]).toEqual([1, false]);
    }
    const never = gate<never>();
    seller.onProvision = async (context) => {
      seller.make(context);
      return await never.promise;
    };
    id = (await world.create({}, world.replica({ timing: { answerMs: 100, pollMs: 20 } }))).json['id'];
    const [row] = (await world.database.execute("select id from extensions where status = 'provisioning'"))
      .rows;
    id = String((row as { id: string }).id);
    seller.onProvision = undefined;
    const removing = world.remove(id);
    never.fail(new Error('given up'));
    await removing;
    world.clock.advance(31);
    await resume();
    expect([destroyed() > 0, seller.resources.has(id)]).toEqual([true, false]);
  });

  test('is tried again when it could not be cut off, and when it could not be destroyed', async () => {
    let failures = 0;
    onCutOff = async () => {
      failures += 1;
      throw new Error('the service is down');
    };
    expect((await world.remove(id)).status).toBe(202);
    expect([failures, open.has(id)]).toEqual([1, true]);
    onCutOff = undefined;
    world.clock.advance(60);
    await resume();
    expect([open.has(id), seller.resources.has(id)]).toEqual([false, true]);
    seller.onDeprovision = async () => {
      failures += 1;
      throw new Error('the service is down');
    };
    world.clock.advance(GRACE_SECONDS + 1);
    await resume();
    expect([failures, seller.resources.has(id)]).toEqual([2, true]);
    seller.onDeprovision = undefined;
    world.clock.advance(60);
    await resume();
    expect(seller.resources.has(id)).toBe(false);
  });

  test('is followed up by another process when the one that destroys it is gone', async () => {
    await world.remove(id);
    const never = gate<never>();
    const dying = world.replica({
      seller: { ...seller, cutOff, deprovision: async () => await never.promise },
    });
    world.clock.advance(GRACE_SECONDS + 1);
    await dying.tasks.find(({ name }) => name === 'provider.resume')?.run(new AbortController().signal);
    // It is at work, as far as anybody can tell.
    await resume();
    expect(destroyed()).toBe(0);
    world.clock.advance(31);
    await resume();
    expect([destroyed(), seller.resources.has(id)]).toEqual([1, false]);
    never.fail(new Error('over'));
    await dying.idle();
  });
});
