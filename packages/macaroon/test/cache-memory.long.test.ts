/** The bound of the cache is what it says. Heap and buffers are compared with `bytes`, for several kinds of tokens. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import {
  addThirdParty,
  createDischarge,
  createVerificationCache,
  decodeMacaroon,
  mint,
  type Caveat,
  type Macaroon,
} from '@hangar/macaroon';
import { key, keyId, now, org, permission, sharedKey, start, ticketOf, window } from './fixture.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const TOKENS = 4000;
const WITHIN = 0.2;

/** As they come from requests: each in a buffer of its own. */
function anew(macaroon: Macaroon): Macaroon {
  const read = decodeMacaroon(macaroon.bytes.slice());
  if (!read.ok) throw new Error(read.reason.detail);
  return read.value;
}

function made(number: number, caveats: number, discharges: number): readonly [Macaroon, readonly Macaroon[]] {
  const more = Array.from({ length: caveats }, (_, index): Caveat => ({
    type: 'Apps',
    apps: new Map([
      [BigInt(number + 1), 31],
      [BigInt(90_000 + index), 31],
    ]),
  }));
  let token = mint({ key, keyId, location: permission, caveats: [org, window, ...more] });
  const papers: Macaroon[] = [];
  for (let index = 0; index < discharges; index++) {
    const location = `https://${index}.example`;
    const before = token.caveats.length;
    token = addThirdParty(token, { location, sharedKey });
    const ticket = ticketOf({ ...token, caveats: token.caveats.slice(before) });
    const said: Caveat[] = [
      { type: 'ValidityWindow', notBefore: start, notAfter: start + 600 },
      { type: 'FlyioUserID', id: 7n },
    ];
    papers.push(anew(createDischarge({ ticket, sharedKey, location, caveats: said })));
  }
  return [anew(token), papers];
}

function held(): number {
  for (let round = 0; round < 4; round++) collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

test.each([
  ['short tokens', 0, 0],
  ['usual tokens', 3, 0],
  ['long tokens', 24, 0],
  ['tokens with a discharge', 2, 1],
  ['tokens with three discharges', 2, 3],
])('of %s', (_what, caveats, discharges) => {
  const cache = createVerificationCache({ now: () => now, maxBytes: 1e9 });
  const fill = (count: number): void => {
    for (let number = 0; number < count; number++) {
      const [token, papers] = made(number, caveats, discharges);
      if (!cache.verify(token, { key, discharges: papers }).ok) throw new Error('not verified');
    }
  };
  // Code and lookup tables are there before anything is counted.
  fill(200);
  cache.clear();
  const before = held();
  fill(TOKENS);
  const really = held() - before;
  expect(cache.size).toBe(TOKENS);
  expect(cache.bytes / really).toBeGreaterThan(1 - WITHIN);
  expect(cache.bytes / really).toBeLessThan(1 + WITHIN);
});
