#!/usr/bin/env node
/**
 * What a verification costs beyond the HMACs that no verification can do without.
 *
 *   node bench/macaroon.bench.mjs            (after npm run build)
 *
 * The bundle is like a deploy token of Fly.io: five caveats, one of them a third party's, and a bound discharge with an
 * attestation. The floor is the bare chain of the same 11 createHmac calls. All candidates take turns in every round, and
 * the table gives medians; only the ratios mean anything on another machine.
 */
import { createHash, createHmac } from 'node:crypto';
import {
  Action,
  LOCATIONS,
  addThirdParty,
  attenuate,
  clear,
  createDischarge,
  createVerificationCache,
  decodeToken,
  encodeToken,
  formatHeader,
  mint,
  parseBundle,
  verify,
} from '@hangar/macaroon';

/** Short rounds, so that most of them are over before the machine turns to somebody else; many, so that the median is one. */
const ROUNDS = 3001;
const CALLS = 4;
const WARM_UP = 5000;

const key = createHash('sha256').update('signing key').digest();
const sharedKey = createHash('sha256').update('shared key').digest();
const keyId = Uint8Array.of(0, 0, 0, 0, 0, 0, 46, 212);
const location = LOCATIONS.permission;
const login = LOCATIONS.newAuthentication;
const trusted = new Map([[login, [sharedKey]]]);
const start = 1_790_000_000;
const now = new Date((start + 60) * 1000);

const org = { type: 'Organization', id: 4721n, mask: Action.all };
const app = { type: 'Apps', apps: new Map([[90017n, Action.all]]) };
const until = (seconds) => ({ type: 'ValidityWindow', notBefore: start, notAfter: start + seconds });
const deploy = {
  type: 'IfPresent',
  ifs: [app, { type: 'FeatureSet', features: new Map([['wg', Action.all]]) }],
  else: Action.read,
};

const base = mint({ key, keyId, location, caveats: [org, until(86_400), deploy] });
const token = attenuate(addThirdParty(base, { location: login, sharedKey }), [app]);
const { ticket } = token.caveats.find(({ type }) => type === '3P');
const digest = createHash('sha256').update(token.tail).digest();
const discharge = createDischarge({
  ticket,
  sharedKey,
  location: login,
  caveats: [
    until(630),
    { type: 'FlyioUserID', id: 77n },
    { type: 'BindToParentToken', prefix: digest.subarray(0, 16) },
  ],
});
const header = formatHeader([token, discharge]);
const text = encodeToken(token);
const access = { action: Action.control, orgId: 4721n, appId: 90017n, machine: 'm1', now };

const prefix = Uint8Array.of(0x92);
const messages = [token, discharge].flatMap(({ nonceBytes, pairs }) => [
  nonceBytes,
  ...pairs.map((pair) => Buffer.concat([prefix, pair])),
]);
messages.push(Buffer.alloc(32));

function floor() {
  let tail = key;
  for (const message of messages) tail = createHmac('sha256', tail).update(message).digest();
  return tail;
}

function full(check = verify) {
  const bundle = parseBundle(header, location);
  if (!bundle.ok) throw new Error(bundle.reason.tag);
  const verdict = check(bundle.value.permission[0], { key, discharges: bundle.value.discharges, trusted });
  if (!verdict.ok) throw new Error(verdict.reason.tag);
  const cleared = clear(verdict.value, access);
  if (!cleared.ok) throw new Error(cleared.reason.sentence);
  return verdict.value;
}

const cache = createVerificationCache({ now: () => now });
const cached = cache.verify.bind(cache);
const hour = until(3600);

const candidates = [
  [`${messages.length} bare createHmac calls (the floor)`, floor],
  ['header to access decision', () => full()],
  ['the same, verification cached', () => full(cached)],
  ['read the header only', () => parseBundle(header, location)],
  [
    'mint three caveats and encode',
    () => encodeToken(mint({ key, keyId, location, caveats: [org, until(86_400), deploy] })),
  ],
  [
    'decode, narrow by one caveat, encode',
    () => {
      const read = decodeToken(text);
      return encodeToken(attenuate(read.value, [hour]));
    },
  ],
];

if (full().caveats.length !== 6) throw new Error('the bundle is not the one described');
for (const [, run] of candidates) for (let call = 0; call < WARM_UP; call++) run();

const times = candidates.map(() => []);
for (let round = 0; round < ROUNDS; round++) {
  for (const [index, [, run]] of candidates.entries()) {
    const began = process.hrtime.bigint();
    for (let call = 0; call < CALLS; call++) run();
    times[index].push(Number(process.hrtime.bigint() - began) / CALLS / 1000);
  }
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const reference = median(times[0]);
console.log(
  `Node ${process.version}, ${ROUNDS} rounds of ${CALLS} calls each, header of ${header.length} characters\n`,
);
console.log('| What | median, µs | of the floor |');
console.log('| --- | ---: | ---: |');
for (const [index, [name]] of candidates.entries()) {
  const time = median(times[index]);
  console.log(`| ${name} | ${time.toFixed(1)} | ${(time / reference).toFixed(2)} |`);
}
