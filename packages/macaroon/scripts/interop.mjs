#!/usr/bin/env node
/**
 * Checks this library against a file of test vectors written by another implementation
 * (docs/specs/token-format.md#vectors).
 *
 *   node packages/macaroon/scripts/interop.mjs vectors.json
 *
 * Prints one line per failure and per exception, and ends with `N passed, N failed`. Exit code 1 if anything failed.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  attenuate,
  caveatsFromJson,
  caveatsToJson,
  createDischarge,
  decodeCaveats,
  decodeToken,
  encodeCaveats,
  encodeToken,
  openTicket,
  stripScheme,
  verify,
} from '@hangar/macaroon';

const file = process.argv[2];
if (file === undefined) {
  console.error('usage: interop.mjs FILE');
  process.exit(2);
}
const vectors = JSON.parse(readFileSync(file, 'utf8'));
const bytes = (text) => new Uint8Array(Buffer.from(text, 'base64'));
const base64 = (value) => Buffer.from(value).toString('base64');
const same = (a, b) => Buffer.compare(a, b) === 0;
const key = bytes(vectors.key);
const keyId = bytes(vectors.kid);

let passed = 0;
let failed = 0;

function check(name, holds, detail = '') {
  if (holds) passed += 1;
  else {
    failed += 1;
    console.log(`FAIL ${name}${detail === '' ? '' : `: ${detail}`}`);
  }
}

function note(text) {
  console.log(`note ${text}`);
}

function readHeader(header) {
  return stripScheme(header)
    .split(',')
    .map((text) => ({ text, decoded: decodeToken(text) }));
}

function roundTrip(name, { text, decoded }) {
  check(`${name} reads`, decoded.ok, decoded.ok ? '' : JSON.stringify(decoded.reason));
  if (decoded.ok) check(`${name} writes back the same text`, encodeToken(decoded.value) === text);
  return decoded.ok ? decoded.value : undefined;
}

function checkMacaroons() {
  for (const [name, header] of Object.entries(vectors.macaroons)) {
    for (const piece of readHeader(header)) {
      const macaroon = roundTrip(`macaroons.${name}`, piece);
      if (macaroon === undefined) continue;
      if (macaroon.nonce.proof && !same(macaroon.nonce.keyId, keyId)) {
        note(
          `macaroons.${name} is a discharge under a key that is not in the file: only read and written back`,
        );
        continue;
      }
      const verdict = verify(macaroon, { key });
      if (macaroon.caveats.some(({ type }) => type === 'BindToParentToken') && !macaroon.nonce.proof) {
        note(
          `macaroons.${name} is a permission token with a binding: its chain is right, and it must be refused`,
        );
        check(
          `macaroons.${name} refused for its binding`,
          !verdict.ok && verdict.reason.tag === 'wrong_binding',
        );
        continue;
      }
      check(`macaroons.${name} verifies`, verdict.ok, verdict.ok ? '' : verdict.reason.tag);
      const damaged = Uint8Array.from(macaroon.bytes);
      damaged[damaged.length - 1] ^= 1;
      const forged = decodeToken(`fm2_${base64(damaged)}`);
      check(
        `macaroons.${name} with a changed tail is refused`,
        forged.ok && !verify(forged.value, { key }).ok,
      );
    }
  }
}

function checkAttenuation() {
  for (const [base, results] of Object.entries(vectors.attenuation)) {
    const pieces = readHeader(base);
    for (const piece of pieces) roundTrip('attenuation base', piece);
    for (const [encoded, expected] of Object.entries(results)) {
      const name = `attenuation by ${encoded}`;
      const caveats = decodeCaveats(bytes(encoded));
      check(`${name} reads`, caveats.ok);
      if (!caveats.ok) continue;
      if (caveats.value.length === 0)
        note('attenuation by the empty set stands for caveats the minter refused to add');
      const narrowed = pieces.map(({ text, decoded }) =>
        decoded.ok && decoded.value.location === vectors.location
          ? encodeToken(attenuate(decoded.value, caveats.value))
          : text,
      );
      check(`${name} gives the same header`, `FlyV1 ${narrowed.join(',')}` === expected);
    }
  }
}

function checkCaveats() {
  for (const [name, encoded] of Object.entries(vectors.caveats)) {
    const decoded = decodeCaveats(bytes(encoded));
    check(`caveats.${name} reads`, decoded.ok, decoded.ok ? '' : decoded.reason.detail);
    if (!decoded.ok) continue;
    check(`caveats.${name} writes back the same bytes`, base64(encodeCaveats(decoded.value)) === encoded);
    if (decoded.value.some(({ type }) => type === 'Unknown' || type === '3P')) {
      note(`caveats.${name} has no JSON form here: a private type`);
      continue;
    }
    const again = caveatsFromJson(caveatsToJson(decoded.value));
    check(`caveats.${name} survives JSON`, again.ok && base64(encodeCaveats(again.value)) === encoded);
  }
}

function checkThirdParties() {
  if (vectors.with_tps === undefined) return;
  const tokens = readHeader(vectors.with_tps).map((piece) => roundTrip('with_tps', piece));
  const permission = tokens.find((token) => token !== undefined && same(token.nonce.keyId, keyId));
  check('with_tps has a permission token', permission !== undefined);
  if (permission === undefined) return;
  const discharges = tokens.filter((token) => token !== undefined && token !== permission);
  const alone = verify(permission, { key });
  check(
    'with_tps: the chain is right and a discharge is asked for',
    !alone.ok && alone.reason.tag === 'missing_discharge',
  );
  if (vectors.tp_key === undefined) {
    note('with_tps: the file holds no tp_key, so tickets cannot be opened');
    return;
  }
  const sharedKey = bytes(vectors.tp_key);
  const thirdParties = permission.caveats.filter(({ type }) => type === '3P');
  const missing = [];
  for (const { location, ticket } of thirdParties) {
    const opened = openTicket(sharedKey, ticket);
    check(`with_tps: the ticket for ${location} opens`, opened.ok);
    if (!opened.ok) continue;
    if (!discharges.some(({ nonce }) => same(nonce.keyId, ticket))) {
      note(`with_tps: ${location} has no discharge in the file, which is intended; one is made here`);
      missing.push(createDischarge({ ticket, sharedKey, location, caveats: [] }));
    }
  }
  // A discharge is checked with the key from the verifier key, and ours are signed with the key from the ticket:
  // that both verify shows that each verifier key opens with its tail and holds the same key as its ticket.
  const all = verify(permission, { key, discharges: [...discharges, ...missing] });
  check('with_tps verifies with every discharge', all.ok, all.ok ? '' : all.reason.tag);
  const own = thirdParties.map(({ location, ticket }) =>
    createDischarge({ ticket, sharedKey, location, caveats: [] }),
  );
  check('with_tps verifies with discharges made here', verify(permission, { key, discharges: own }).ok);
  const changed = discharges.map(({ bytes: original }) => {
    const damaged = Uint8Array.from(original);
    damaged[damaged.length - 1] ^= 1;
    return decodeToken(`fm2_${base64(damaged)}`);
  });
  const forged = changed.flatMap((decoded) => (decoded.ok ? [decoded.value] : []));
  if (forged.length > 0) {
    check(
      'with_tps with a changed discharge is refused',
      !verify(permission, { key, discharges: [...forged, ...missing] }).ok,
    );
  }
}

/** A group that breaks off counts as a failure, and the others still run. */
function run(name, group) {
  try {
    group();
  } catch (error) {
    check(`${name} runs to its end`, false, error instanceof Error ? error.message : String(error));
  }
}

check('kid is the digest of the key', same(createHash('sha256').update(key).digest().subarray(0, 16), keyId));
run('macaroons', checkMacaroons);
run('attenuation', checkAttenuation);
run('caveats', checkCaveats);
run('with_tps', checkThirdParties);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
