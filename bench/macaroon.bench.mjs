#!/usr/bin/env node
/**
 * What a verification costs beside the HMACs that no verification can do without.
 *
 *   node bench/macaroon.bench.mjs            (after npm run build)
 *
 * The floor is the bare chain of the same 11 createHmac calls: no reading, no unsealing, no decision.
 */
import { createHmac } from 'node:crypto';
import {
  attenuate,
  clear,
  createTokenCrypto,
  createVerificationCache,
  decodeToken,
  encodeToken,
  formatHeader,
  LIMITS,
  parseBundle,
  verify,
} from '@hangar/macaroon';
import * as bundle from './deploy-token.mjs';
import { measure, range } from './measure.mjs';

/** As `hangar` has it: built once, before anything is measured. */
const crypto = createTokenCrypto();

const { access, discharge, header, key, location, messages, now, text, token, trusted } = bundle;

function floor() {
  let tail = key;
  for (const message of messages) tail = createHmac('sha256', tail).update(message).digest();
  return tail;
}

function decide(authorization, check) {
  const read = parseBundle(authorization, location, LIMITS, crypto);
  if (!read.ok) throw new Error(read.reason.tag);
  const { permission, discharges } = read.value;
  const verdict = check(permission[0], { key, discharges, trusted, crypto });
  if (!verdict.ok) throw new Error(verdict.reason.tag);
  const cleared = clear(verdict.value, access);
  if (!cleared.ok) throw new Error(cleared.reason.sentence);
  return verdict.value;
}

const options = { key, discharges: [discharge], trusted, crypto };
const verified = verify(token, options).value;
if (decide(header, verify).caveats.length !== 6) throw new Error('the bundle is not the one described');

const cache = createVerificationCache({ now: () => now, crypto });
const cached = cache.verify.bind(cache);

/** Narrowed once more, each in its own way: no cache has seen them. */
const CHILDREN = 50;
const children = Array.from({ length: CHILDREN }, (_, id) =>
  formatHeader([attenuate(token, [{ type: 'IsUser', id: BigInt(id) }]), discharge]),
);
const family = createVerificationCache({ now: () => now, crypto });
let child = 0;

const candidates = [
  { name: `${messages.length} bare createHmac calls, the floor`, run: floor },
  { name: 'header to access decision', run: () => decide(header, verify) },
  { name: '… and the digests that revocation goes by', run: () => decide(header, verify).branches },
  { name: '… with a cache that has seen it', run: () => decide(header, cached) },
  {
    name: '… narrowed a moment ago, the cache knows its parent',
    calls: CHILDREN,
    before: () => {
      family.clear();
      family.verify(token, options);
      child = 0;
    },
    run: () => decide(children[child++ % CHILDREN], family.verify.bind(family)),
  },
  { name: 'read the header', run: () => parseBundle(header, location, LIMITS, crypto) },
  { name: 'verify, already read', run: () => verify(token, options) },
  { name: 'decide (clear), already verified', run: () => clear(verified, access) },
  { name: 'narrow by one caveat, already read', run: () => attenuate(token, [bundle.hour], crypto) },
  {
    name: 'read, narrow by one caveat, write',
    run: () => encodeToken(attenuate(decodeToken(text, LIMITS, crypto).value, [bundle.hour], crypto)),
  },
  { name: 'mint three caveats, write', run: () => encodeToken(bundle.mintThree(crypto)) },
];

const [major] = process.versions.node.split('.').map(Number);
/** Ratios to the floor that are aimed for; whatever is not named has none. */
const GOALS = { 'header to access decision': major >= 24 ? 0.65 : 0.52 };

const { figures, rounds, voided } = measure(candidates);

console.log('## Verifying a token');
console.log();
console.log(
  `The bundle is like a deploy token of Fly.io: ${token.caveats.length} caveats, one of them a third party's, and a bound discharge; ${header.length} characters. Median of ${rounds} rounds (${voided} voided), smallest and largest in brackets.`,
);
console.log();
console.log('| What | µs of processor time | of the floor | goal |');
console.log('| --- | ---: | ---: | --- |');
for (const { name, micros, ratio } of figures) {
  const goal = GOALS[name];
  const verdict =
    goal === undefined ? '' : `${goal.toFixed(2)}: ${ratio.median <= goal ? 'met' : '**missed**'}`;
  console.log(`| ${name} | ${micros.median.toFixed(1)} | ${range(ratio)} | ${verdict} |`);
}
console.log();
console.log('A goal without a row: verifying many tokens at once (0.35 of the floor each) does not exist.');
