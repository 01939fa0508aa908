import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Action, attenuate, decodeToken, encodeToken, privateCaveat } from '@hangar/macaroon';
import { createRateStore } from '@hangar/store';
import { rateCaveat, type RateLimit, type RateSlices } from '@hangar/authority';
import { openTestDatabase, type TestDatabase } from '../../../test/harness/database.ts';
import { openWorld, WORKSPACE } from './world.ts';
import { createRateLimiter, type RateLimiter } from '../src/http/rate-limiter.ts';

let database: TestDatabase;
let atMs = 1_790_000_000_000;
let statements = 0;
let isAway = false;
const now = (): Date => new Date(atMs);

beforeAll(async () => void (database = await openTestDatabase()));
afterAll(async () => await database.close());
beforeEach(async () => {
  await database.execute('delete from authority_rates');
  statements = 0;
  isAway = false;
});

/** One database, counted and at times away. */
function slices(): RateSlices {
  const rows = createRateStore(database.db);
  return {
    ...rows,
    takeSlice: async (wanted) => {
      statements += 1;
      if (isAway) throw new Error('away');
      return await rows.takeSlice(wanted);
    },
  };
}

const processes = (count: number): readonly RateLimiter[] =>
  Array.from({ length: count }, () => createRateLimiter({ monotonicMs: () => atMs, now, slices: slices() }));

/** The answers of the database have come, and its processes have had their second. */
async function settled(all: readonly RateLimiter[]): Promise<void> {
  await Promise.all(all.map(async (one) => await one.idle()));
  if (Math.floor(atMs / 1000) === Math.floor((atMs - 100) / 1000)) return;
  await Promise.all(all.map(async (one) => await one.giveBack()));
}

/** Numbers that look random and are the same each time. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

interface Run {
  readonly rate: RateLimit;
  readonly seconds: number;
  /** Requests in a tenth of a second, for each process. */
  readonly asks: (tenth: number) => readonly number[];
}

/** What the processes let pass, and what one bucket would have. */
async function play({ rate, seconds, asks }: Run): Promise<{ passed: number; ideal: number; asked: number }> {
  const all = processes(asks(0).length);
  const alone = createRateLimiter({ monotonicMs: () => atMs });
  let [passed, ideal, asked] = [0, 0, 0];
  for (let tenth = 0; tenth < seconds * 10; tenth += 1) {
    const waiting = [...asks(tenth)];
    // Small portions: what comes while a slice is on its way is the case of its own below.
    while (waiting.some((left) => left > 0)) {
      for (const [index, limiter] of all.entries()) {
        const some = Math.min(waiting[index] ?? 0, Math.max(1, Math.floor(rate.burst / 20)));
        waiting[index] = (waiting[index] ?? 0) - some;
        for (let one = 0; one < some; one += 1) {
          asked += 1;
          if (limiter.take('c', rate) === undefined) passed += 1;
          if (alone.take('c', rate) === undefined) ideal += 1;
        }
      }
      await Promise.all(all.map(async (one) => await one.idle()));
    }
    atMs += 100;
    await settled(all);
  }
  return { passed, ideal, asked };
}

describe('a limit that two processes share', () => {
  const random = numbers(20261128);
  const between = (low: number, high: number): number => low + Math.floor(random() * (high - low + 1));
  const rates = Array.from({ length: 8 }, (_, index) => ({ index, perMinute: between(60, 3000) }));

  it.each(rates)(
    'is exact within a tenth, however the requests fall on them: $perMinute',
    async ({ perMinute }) => {
      const rate = { perMinute, burst: Math.max(20, Math.floor(perMinute / between(1, 3))) };
      const most = (perMinute / 600) * 3;
      let turn: readonly number[] = [1, 1];
      const { passed, ideal } = await play({
        rate,
        seconds: 40,
        asks: (tenth) => {
          // Every few seconds another one is busy, or both are, or neither is.
          if (tenth % 30 === 0) turn = [between(0, 2), between(0, 2)];
          return turn.map((weight) => Math.round(weight * random() * most));
        },
      });
      expect(ideal).toBeGreaterThan(rate.burst / 2);
      expect(passed / ideal).toBeGreaterThan(0.9);
      expect(passed / ideal).toBeLessThan(1.1);
    },
  );

  it('costs a statement for each slice, and none where little is used', async () => {
    const rate = { perMinute: 6000, burst: 6000 };
    const busy = await play({ rate, seconds: 30, asks: () => [5, 5] });
    expect(busy.passed).toBe(busy.asked);
    expect(statements).toBeLessThan(busy.asked / 20);
    statements = 0;
    for (const limiter of processes(2)) for (let one = 0; one < 200; one += 1) limiter.take('quiet', rate);
    expect(statements).toBe(0);
  });

  it('is never passed by more than what a process may use before it has heard of the other', async () => {
    const rate = { perMinute: 60, burst: 60 };
    const all = processes(2);
    let passed = 0;
    for (const limiter of all)
      for (let one = 0; one < 200; one += 1) if (limiter.take('c', rate) === undefined) passed += 1;
    expect(passed).toBe(60);
    for (let round = 0; round < 20; round += 1) {
      await settled(all);
      for (const limiter of all) if (limiter.take('c', rate) === undefined) passed += 1;
    }
    expect(passed).toBeLessThanOrEqual(66);
    for (const limiter of all) expect(limiter.take('c', rate)).toBeGreaterThanOrEqual(1);
  });

  it('is paid for later where more processes used more at once', async () => {
    const rate = { perMinute: 60, burst: 60 };
    const all = processes(4);
    const takeAll = async (): Promise<number> => {
      let passed = 0;
      for (let round = 0; round < 30; round += 1) {
        for (const limiter of all)
          for (let one = 0; one < 4; one += 1) if (limiter.take('c', rate) === undefined) passed += 1;
        await settled(all);
      }
      return passed;
    };
    const first = await takeAll();
    expect(first).toBeLessThanOrEqual(66);
    let later = 0;
    for (let second = 0; second < 60; second += 1) {
      atMs += 1000;
      later += await takeAll();
    }
    expect(first + later).toBeGreaterThan(108);
    expect(first + later).toBeLessThan(132);
  });

  it('comes whole to the one that is left when the other dies with its slice, or has nothing to do', async () => {
    const rate = { perMinute: 60, burst: 60 };
    const [dead, alive] = processes(2) as [RateLimiter, RateLimiter];
    for (let one = 0; one < 10; one += 1) dead.take('c', rate);
    await dead.idle();
    atMs += 60_000;
    let passed = 0;
    for (let round = 0; round < 80; round += 1) {
      if (alive.take('c', rate) === undefined) passed += 1;
      await alive.idle();
    }
    expect(passed).toBe(60);

    atMs += 60_000;
    for (let one = 0; one < 10; one += 1) dead.take('idle', rate);
    await dead.idle();
    atMs += 1000;
    await dead.giveBack();
    passed = 0;
    for (let round = 0; round < 80; round += 1) {
      if (alive.take('idle', rate) === undefined) passed += 1;
      await alive.idle();
    }
    expect(passed).toBeGreaterThanOrEqual(50);
    expect(passed).toBeLessThanOrEqual(52);
  });
});

describe('while the database is away', () => {
  it('each process holds its share, and what passed then does not shut the limit afterwards', async () => {
    const rate = { perMinute: 600, burst: 60 };
    isAway = true;
    const away = await play({ rate, seconds: 60, asks: () => [3, 3] });
    expect(away.passed).toBeLessThanOrEqual(away.ideal * 1.1);
    expect(away.passed).toBeGreaterThan(away.ideal * 0.8);
    // One try a second each, not one a request.
    expect(statements).toBeLessThanOrEqual(2 * 61);

    const all = processes(2);
    for (let tenth = 0; tenth < 600; tenth += 1) {
      for (const limiter of all) limiter.take('c', rate);
      await settled(all);
      atMs += 100;
    }
    isAway = false;
    let passed = 0;
    for (let tenth = 0; tenth < 300; tenth += 1) {
      for (const limiter of all)
        for (let one = 0; one < 2; one += 1) if (limiter.take('c', rate) === undefined) passed += 1;
      await settled(all);
      atMs += 100;
    }
    expect(passed).toBeGreaterThan(270);
    expect(passed).toBeLessThan(370);
  });
});

describe('a token with a rate', () => {
  it('is held to it by all processes on one database together', async () => {
    const world = await openWorld();
    try {
      const rates = createRateStore(world.db.db);
      const here = [world.replica({ rates }), world.replica({ rates })];
      const minted = await world.authority.tokens.mint({
        workspace: WORKSPACE,
        preset: 'org',
        name: 'held',
        creator: 'milo',
      });
      const decoded = decodeToken(minted.token);
      if (!decoded.ok) throw new Error('not a token');
      const rate = privateCaveat(rateCaveat({ take: () => true }), { perMinute: 60 });
      const header = `FlyV1 ${encodeToken(attenuate(decoded.value, [rate]))}`;
      const access = () => ({ action: Action.read, orgId: WORKSPACE, now: world.clock.now() });
      let passed = 0;
      for (let request = 0; request < 120; request += 1) {
        const { verifier } = here[request % 2] ?? world.authority;
        const known = await verifier.verify(header);
        if (!known.ok) throw new Error(known.reason.code);
        if (known.value.clear(access()).ok) passed += 1;
        // Its process asks for the next slice behind the answer.
        await world.db.execute('select 1');
      }
      expect(passed).toBeGreaterThanOrEqual(54);
      expect(passed).toBeLessThanOrEqual(66);
    } finally {
      await world.close();
    }
  });
});
