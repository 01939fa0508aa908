// The bundle that everything is measured on: like a deploy token of Fly.io, five caveats, one of them a third party's, and a
// bound discharge with an attestation. Imported by the benchmarks, no benchmark itself.
import { createHash } from 'node:crypto';
import {
  Action,
  LOCATIONS,
  addThirdParty,
  attenuate,
  createDischarge,
  encodeToken,
  formatHeader,
  mint,
} from '@hangar/macaroon';

const digest = (text) => createHash('sha256').update(text).digest();

export const key = digest('signing key');
export const sharedKey = digest('shared key');
export const keyId = Uint8Array.of(0, 0, 0, 0, 0, 0, 46, 212);
export const location = LOCATIONS.permission;
export const login = LOCATIONS.newAuthentication;
export const trusted = new Map([[login, [sharedKey]]]);
const start = 1_790_000_000;
export const now = new Date((start + 60) * 1000);
/** What is asked, and allowed. */
export const access = { action: Action.control, orgId: 4721n, appId: 90017n, machine: 'm1', now };

const org = { type: 'Organization', id: 4721n, mask: Action.all };
const app = { type: 'Apps', apps: new Map([[90017n, Action.all]]) };
const until = (seconds) => ({ type: 'ValidityWindow', notBefore: start, notAfter: start + seconds });
const deploy = {
  type: 'IfPresent',
  ifs: [app, { type: 'FeatureSet', features: new Map([['wg', Action.all]]) }],
  else: Action.read,
};
export const hour = until(3600);

export const mintThree = (crypto) =>
  mint({ key, keyId, location, caveats: [org, until(86_400), deploy], crypto });
/** Five caveats, one of them a third party's. */
export const mintFive = (crypto) =>
  attenuate(addThirdParty(mintThree(crypto), { location: login, sharedKey, crypto }), [app], crypto);

export const token = mintFive();
const { ticket } = token.caveats.find(({ type }) => type === '3P');
const binding = createHash('sha256').update(token.tail).digest().subarray(0, 16);
export const discharge = createDischarge({
  ticket,
  sharedKey,
  location: login,
  caveats: [until(630), { type: 'FlyioUserID', id: 77n }, { type: 'BindToParentToken', prefix: binding }],
});
export const header = formatHeader([token, discharge]);
export const text = encodeToken(token);

const prefix = Uint8Array.of(0x92);
/** What has to be signed to check the bundle: two nonces, eight caveats, and the finalization of the discharge. */
export const messages = [
  ...[token, discharge].flatMap(({ nonceBytes, pairs }) => [
    nonceBytes,
    ...pairs.map((pair) => Buffer.concat([prefix, pair])),
  ]),
  Buffer.alloc(32),
];
