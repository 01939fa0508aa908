#!/usr/bin/env node
/**
 * Other macaroon packages from npm on the work that can be compared. They have other wire formats (libmacaroons' JSON of
 * version 2, and its text of version 1), conditions that are plain texts, and XSalsa20 in place of ChaCha20.
 *
 *   npm ci --prefix bench/peers && node bench/peers.bench.mjs
 */
import { createHash, createHmac } from 'node:crypto';
import { createRequire } from 'node:module';
import {
  attenuate,
  clear,
  createTokenCrypto,
  decodeToken,
  encodeToken,
  LIMITS,
  parseBundle,
  verify,
} from '@hangar/macaroon';
import * as bundle from './deploy-token.mjs';
import { measure, range } from './measure.mjs';

/** As `hangar` has it: built once, before anything is measured. */
const crypto = createTokenCrypto();
const require = createRequire(new URL('peers/package.json', import.meta.url));
const libmacaroons = require('macaroon');
const { MacaroonsBuilder, MacaroonsVerifier } = require('macaroons.js');
const { access, key, location, login, messages, trusted } = bundle;

const identifier = 'key 1';
const dischargeKey = createHash('sha256').update('discharge key').digest();
const ticket =
  'a ticket as long as the one that is sealed into a token of ours, more or less, which is what counts';
const conditions = [
  'organization = 4721',
  'time < 1790086400',
  'ifpresent app 90017 or feature wg else r',
  'app = 90017',
];
const dischargeConditions = ['time < 1790000630', 'user = 77'];
const known = new Set([...conditions, ...dischargeConditions]);

/** Package macaroon. Its binary export doubles a buffer with every append and fails, so JSON it is. */
const v2 = {
  mint() {
    const made = libmacaroons.newMacaroon({ version: 2, rootKey: key, identifier, location });
    for (const condition of conditions.slice(0, 3)) made.addFirstPartyCaveat(condition);
    made.addThirdPartyCaveat(dischargeKey, ticket, login);
    made.addFirstPartyCaveat(conditions[3]);
    return made;
  },
  discharge(parent) {
    const made = libmacaroons.newMacaroon({
      version: 2,
      rootKey: dischargeKey,
      identifier: ticket,
      location: login,
    });
    for (const condition of dischargeConditions) made.addFirstPartyCaveat(condition);
    made.bindToRoot(parent.signature);
    return made;
  },
};
const v2Text = JSON.stringify(v2.mint().exportJSON());
const v2Discharge = JSON.stringify(
  v2.discharge(libmacaroons.importMacaroon(JSON.parse(v2Text))).exportJSON(),
);

/** Package macaroons.js. It takes the key of a third party as text only, and derives one from it. */
const textKey = 'discharge key';
const v1 = {
  mint() {
    const builder = new MacaroonsBuilder(location, key, identifier);
    for (const condition of conditions.slice(0, 3)) builder.add_first_party_caveat(condition);
    return builder
      .add_third_party_caveat(login, textKey, ticket)
      .add_first_party_caveat(conditions[3])
      .getMacaroon();
  },
  discharge(parent) {
    const builder = new MacaroonsBuilder(login, textKey, ticket);
    for (const condition of dischargeConditions) builder.add_first_party_caveat(condition);
    return MacaroonsBuilder.modify(parent).prepare_for_request(builder.getMacaroon()).getMacaroon();
  },
};
const v1Text = v1.mint().serialize();
const v1Discharge = v1.discharge(MacaroonsBuilder.deserialize(v1Text)).serialize();

function floor() {
  let tail = key;
  for (const message of messages) tail = createHmac('sha256', tail).update(message).digest();
  return tail;
}

const decideOurs = () => {
  const { permission, discharges } = parseBundle(bundle.header, location, LIMITS, crypto).value;
  const verdict = verify(permission[0], { key, discharges, trusted, crypto });
  if (!verdict.ok || !clear(verdict.value, access).ok) throw new Error('refused');
};
const decideV2 = () =>
  libmacaroons
    .importMacaroon(JSON.parse(v2Text))
    .verify(key, (condition) => (known.has(condition) ? null : 'unknown'), [
      libmacaroons.importMacaroon(JSON.parse(v2Discharge)),
    ]);
const decideV1 = () => {
  const verifier = new MacaroonsVerifier(MacaroonsBuilder.deserialize(v1Text));
  verifier.satisfyGeneral((condition) => known.has(condition));
  verifier.satisfy3rdParty(MacaroonsBuilder.deserialize(v1Discharge));
  if (!verifier.isValid(key)) throw new Error('refused');
};

const work = [
  ['read, verify and decide, with the discharge', decideOurs, decideV2, decideV1],
  [
    'mint five caveats, one of a third party, and write',
    () => encodeToken(bundle.mintFive(crypto)),
    () => JSON.stringify(v2.mint().exportJSON()),
    () => v1.mint().serialize(),
  ],
  [
    'read, narrow by one caveat, and write',
    () => encodeToken(attenuate(decodeToken(bundle.text, LIMITS, crypto).value, [bundle.hour], crypto)),
    () => {
      const read = libmacaroons.importMacaroon(JSON.parse(v2Text));
      read.addFirstPartyCaveat('time < 1790003600');
      return JSON.stringify(read.exportJSON());
    },
    () =>
      MacaroonsBuilder.modify(MacaroonsBuilder.deserialize(v1Text))
        .add_first_party_caveat('time < 1790003600')
        .getMacaroon()
        .serialize(),
  ],
];

// A comparison with something that refuses would be worth nothing.
for (const [, ...runs] of work) for (const run of runs) run();

const { figures, rounds, voided } = measure([
  { name: 'floor', run: floor },
  ...work.flatMap(([name, ...runs]) => runs.map((run) => ({ name, run }))),
]);

console.log('## Beside other packages');
console.log();
console.log(
  `Not like for like: \`macaroon\` 3.0.4 and \`macaroons.js\` 0.3.9 have other formats, and their conditions are texts that are looked up in a set. None on npm reads Fly.io's. µs of processor time, and of the floor above; median of ${rounds} rounds (${voided} voided).`,
);
console.log();
console.log('| What | @hangar/macaroon | macaroon 3.0.4 | macaroons.js 0.3.9 |');
console.log('| --- | ---: | ---: | ---: |');
for (const [index, [name]] of work.entries()) {
  const cells = figures
    .slice(1 + 3 * index, 4 + 3 * index)
    .map(({ micros, ratio }) => `${micros.median.toFixed(1)}, ${range(ratio)}`);
  console.log(`| ${name} | ${cells.join(' | ')} |`);
}
