/** The bounds of the memory of header texts: its size is what it says, and what comes once does not push out what is used. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import {
  Action,
  addThirdParty,
  createDischarge,
  formatHeader,
  LOCATIONS,
  mint,
  missingTickets,
  parseBundle,
  privateCaveat,
  tokenId,
  verify,
  type Caveat,
} from '@hangar/macaroon';
import { rateCaveat } from '@hangar/authority';
import { createHeaderMemory, type HeaderMemory } from '../src/read/header-memory.ts';
import type { AcceptedToken } from '../src/read/accepted-token.ts';
import { createCaller } from '../src/read/caller.ts';
import { START, WORKSPACE } from './world.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const key = new Uint8Array(32).fill(7);
const sharedKey = new Uint8Array(32).fill(9);
const domain = new Uint8Array(1);

function memoryOf(maxBytes?: number): HeaderMemory {
  return createHeaderMemory({
    feed: {
      domain,
      isFresh: true,
      changes: 0,
      ensureFresh: () => undefined,
      refresh: async () => {},
      revoked: () => undefined,
      keyMayExist: async () => true,
    },
    callerOf: (tokens) => createCaller(tokens, { meters: { take: () => true }, recordUse: () => {} }),
    now: () => new Date(START * 1000),
    monotonicMs: () => 0,
    maxBytes,
  });
}

/** As it comes from a request: read from a text of its own, into a buffer that others share. */
function presented(caveats: readonly Caveat[], discharges: number): { text: string; token: AcceptedToken } {
  let made = mint({ key, keyId: new Uint8Array(8).fill(1), location: LOCATIONS.permission, caveats });
  for (let index = 0; index < discharges; index += 1)
    made = addThirdParty(made, { location: `https://${index}.example`, sharedKey });
  const papers = missingTickets({ permission: [made], discharges: [] }).map(({ location, ticket }) =>
    createDischarge({
      ticket,
      sharedKey,
      location,
      caveats: [{ type: 'ValidityWindow', notBefore: START, notAfter: START + 600 }],
    }),
  );
  const text = Buffer.from(formatHeader([...papers, made])).toString('latin1');
  const bundle = parseBundle(text, LOCATIONS.permission);
  if (!bundle.ok) throw new Error(bundle.reason.tag);
  const [macaroon] = bundle.value.permission;
  const verified = verify(macaroon!, { key, discharges: bundle.value.discharges });
  if (!verified.ok) throw new Error(verified.reason.tag);
  const token = {
    id: tokenId(macaroon!),
    workspace: WORKSPACE,
    keyNumber: 1n,
    branch: verified.value.branches.at(-1)!,
    verified: verified.value,
  };
  return { text, token };
}

const org: Caveat = { type: 'Organization', id: WORKSPACE, mask: Action.all };
const window: Caveat = { type: 'ValidityWindow', notBefore: START, notAfter: START + 3600 };
const apps = (count: number): Caveat[] =>
  Array.from({ length: count }, (_, index) => ({
    type: 'Apps',
    apps: new Map([
      [BigInt(90_000 + index), Action.all],
      [BigInt(80_000 + index), Action.all],
    ]),
  }));
const deploy = (app: bigint): Caveat => ({
  type: 'IfPresent',
  ifs: [
    { type: 'Apps', apps: new Map([[app, Action.all]]) },
    { type: 'FeatureSet', features: new Map([['wg', Action.all]]) },
  ],
  else: Action.read,
});

function held(): number {
  for (let round = 0; round < 4; round += 1) collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

describe('the size that it says', () => {
  const WITHIN = 0.2;
  const TEXTS = 3000;

  test.each([
    ['short tokens', () => [org, window], 0],
    ['deploy tokens', (n: number) => [org, deploy(BigInt(n)), window], 0],
    ['long tokens', () => [org, window, ...apps(24)], 0],
    ['tokens with a discharge', () => [org, window, ...apps(1)], 1],
    [
      'tokens with a rate',
      () => [org, window, privateCaveat(rateCaveat({ take: () => true }), { perMinute: 9 })],
      0,
    ],
  ])('is held for %s', (_, caveats, discharges) => {
    const memory = memoryOf(1e9);
    const fill = (count: number): void => {
      for (let number = 0; number < count; number += 1) {
        const { text, token } = presented(caveats(number), discharges);
        memory.remember(text, [token], domain);
        const access = { action: Action.none, orgId: WORKSPACE, now: new Date(START * 1000) };
        memory.recall(text)?.clear(access);
      }
    };
    fill(200);
    memory.clear();
    const before = held();
    fill(TEXTS);
    const really = held() - before;
    expect(memory.size).toBe(TEXTS);
    expect(memory.bytes / really).toBeGreaterThan(1 - WITHIN);
    expect(memory.bytes / really).toBeLessThan(1 + WITHIN);
  });
});

describe('the bounds', () => {
  const { token } = presented([org, window], 0);
  const textOf = (number: number): string => `FlyV1 ${number}`;
  const isKnown = (memory: HeaderMemory, number: number): boolean =>
    memory.recall(textOf(number)) !== undefined;

  test('are ten thousand texts, of which the one that came first goes', () => {
    const memory = memoryOf();
    for (let number = 0; number <= 10_000; number += 1) memory.remember(textOf(number), [token], domain);
    expect(memory.size).toBe(10_000);
    expect([isKnown(memory, 0), isKnown(memory, 1), isKnown(memory, 10_000)]).toEqual([false, true, true]);
  });

  test('are as many bytes as were said', () => {
    const memory = memoryOf(100_000);
    for (let number = 0; number < 1000; number += 1) memory.remember(textOf(number), [token], domain);
    expect(memory.bytes).toBeLessThanOrEqual(100_000);
    expect(memory.size).toBeGreaterThan(50);
    const { size, bytes } = memory;
    memory.remember(textOf(999), [token], domain);
    expect([memory.size, memory.bytes]).toEqual([size, bytes]);
  });

  test('spare what is used: texts that come once, however many, push out each other', () => {
    const memory = memoryOf();
    memory.remember(textOf(-1), [token], domain);
    for (let number = 0; number < 30_000; number += 1) {
      memory.remember(textOf(number), [token], domain);
      if (number % 5000 === 0) expect(isKnown(memory, -1)).toBe(true);
    }
    expect(isKnown(memory, -1)).toBe(true);
  });
});
