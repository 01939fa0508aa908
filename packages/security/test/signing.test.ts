import { createHmac } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Secret, signMessage, verifySignature } from '@hangar/security';

const provisioning = 'hangar-provisioning-secret';
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const v1 =
  '{"name":"collider-prod","id":"30bqn49y2jh","organization_id":"04La2mblTaz","organization_name":"High Flyers","user_email":"v9WvKokd@customer.fly.io","user_id":"NeBO2G0l0yJ6","user_role":"admin","primary_region":"mad","ip_address":"fdaa:0:47fb:0:1::1d","read_regions":["syd","scl"],"url":"https://logjam.example/flyio/extensions","nonce":"e3f7b4c8f5ea016d0d2e92048ca0d856","timestamp":1685641159}';
const v2 =
  '{"name":"café-prod","id":"30bqn49y2ji","organization_id":"04La2mblTaz","organization_name":"Hïïgh ✈ Flyers","user_email":"v9WvKokd@customer.fly.io","user_id":"NeBO2G0l0yJ6","user_role":"member","url":"https://logjam.example/flyio/extensions","nonce":"00f7b4c8f5ea016d0d2e92048ca0d856","timestamp":1685641159}';
const v3 =
  'nonce=5b2d8b7c9c0f4c1f8f0c2d1e3a4b5c6d&timestamp=1685641160&url=https%3A%2F%2Flogjam.example%2Fflyio%2Fextensions%2F432cb1c9-4d06-4a91-95dc-bc7aa27b896d';
const v4 =
  'nonce=6c2d8b7c9c0f4c1f8f0c2d1e3a4b5c6e&timestamp=1685641161&url=https%3A%2F%2Flogjam.example%2Fflyio%2Fextensions%2F432cb1c9-4d06-4a91-95dc-bc7aa27b896d';
const v5 =
  '{"timestamp":"1693513586","action":"resource.updated","resource":{"plan":"scaler_pro","id":"5lgmabb3y30","status":"ready"}}';

const vectors: readonly (readonly [string, string, string, number, string])[] = [
  ['a POST body', provisioning, v1, 395, '7a21cd6b3b27a779db28fc50e7413b116671fa1d372e24fb869c750c76acae9e'],
  [
    'a body beyond ASCII',
    provisioning,
    v2,
    313,
    '3681058c4fc50a662000fce0aae46e34ab7daf1a6ab61967f623f053102be4f7',
  ],
  ['a GET query', provisioning, v3, 152, 'c5051bc21d5b7e0e6e3915cb16bdaee85250203bdf9504af5b002841a06f6130'],
  [
    'a DELETE query',
    provisioning,
    v4,
    152,
    '64aebdc68fa7d5488ff325a0649543bb976724788c3cd39e8ccc935601ec43ad',
  ],
  [
    'a webhook',
    'hangar-webhook-secret',
    v5,
    123,
    '05d3958569afc73bb86cead4a8f136ea3ca89f9f16483fe2d065adb71045c287',
  ],
  [
    'the empty message',
    provisioning,
    '',
    0,
    '6a3e81615f67d22ad147274ba534d22a4f4d24e3108756f4d8f350818dc60a09',
  ],
  [
    'RFC 4231 case 2',
    'Jefe',
    'what do ya want for nothing?',
    28,
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  ],
  [
    'a query with its question mark',
    provisioning,
    `?${v3}`,
    153,
    'd5e12e4121e5f567ee5228fb0581b9b83e84abd8edec7bef3fa3d34b913c056b',
  ],
  [
    'a decoded query',
    provisioning,
    decodeURIComponent(v3),
    140,
    '4686d95621fd7ddc1e21b1db0fae90459d00afc4497bed60c002e163db9dc6b7',
  ],
];

describe('signing', () => {
  test.each(vectors)('%s has its published signature', (_name, secret, text, length, signature) => {
    expect(bytes(text)).toHaveLength(length);
    expect(signMessage(Secret.of(secret), text)).toBe(signature);
    expect(signMessage(Secret.of(secret), bytes(text))).toBe(signature);
  });

  test('the signed query has no question mark and is not decoded', () => {
    const header = signMessage(Secret.of(provisioning), v3);
    for (const text of [`?${v3}`, decodeURIComponent(v3)]) {
      expect(verifySignature([Secret.of(provisioning)], bytes(text), header)).toMatchObject({
        ok: false,
        reason: { tag: 'signature_mismatch' },
      });
    }
  });

  test('an empty secret cannot sign, and verifies nothing', () => {
    expect(() => signMessage(Secret.of(''), 'x')).toThrow(RangeError);
    const forged = createHmac('sha256', '').update('x').digest('hex');
    expect(verifySignature([Secret.of('')], bytes('x'), forged).ok).toBe(false);
    expect(verifySignature([], bytes('x'), forged).ok).toBe(false);
  });
});

describe('verifying', () => {
  const secret = Secret.of(provisioning);
  const right = signMessage(secret, v1);

  test('whatever is signed is accepted, whichever secret of the list signed it', () => {
    const key = fc.string({ minLength: 1 });
    fc.assert(
      fc.property(
        fc.uint8Array(),
        fc.array(key, { minLength: 1, maxLength: 4 }),
        fc.nat(),
        (message, keys, pick) => {
          const secrets = keys.map((text) => Secret.of(text));
          const index = pick % keys.length;
          const verdict = verifySignature(
            secrets,
            message,
            signMessage(Secret.of(keys[index] ?? ''), message),
          );
          expect(verdict).toEqual({ ok: true, value: { secretIndex: keys.indexOf(keys[index] ?? '') } });
        },
      ),
    );
  });

  test('one changed bit anywhere in message or signature is refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), fc.nat(), fc.nat(7), (message, at, bit) => {
        const header = signMessage(secret, message);
        const changed = Uint8Array.from(message);
        const position = at % message.length;
        changed[position] = (changed[position] ?? 0) ^ (1 << bit);
        expect(verifySignature([secret], changed, header).ok).toBe(false);
        const digest = Buffer.from(header, 'hex');
        digest[at % 32] = (digest[at % 32] ?? 0) ^ (1 << bit);
        expect(verifySignature([secret], message, digest.toString('hex')).ok).toBe(false);
      }),
    );
  });

  test('a secret that is listed twice counts as the first', () => {
    const verdict = verifySignature([Secret.of('other'), secret, secret], bytes(v1), right);
    expect(verdict).toEqual({ ok: true, value: { secretIndex: 1 } });
  });

  test('upper-case hex is accepted', () => {
    expect(verifySignature([secret], bytes(v1), right.toUpperCase()).ok).toBe(true);
  });

  test.each([
    ['nothing', null, 'signature_missing'],
    ['an empty header', '', 'signature_missing'],
    ['one character', 'a', 'signature_malformed'],
    ['63 characters', right.slice(1), 'signature_malformed'],
    ['65 characters', `${right}0`, 'signature_malformed'],
    ['a letter that is not hex', `g${right.slice(1)}`, 'signature_malformed'],
    ['a prefix', `sha256=${right}`, 'signature_malformed'],
    ['a line break behind', `${right}\n`, 'signature_malformed'],
    ['two headers, both right', `${right}, ${right}`, 'signature_repeated'],
    ['base64 of the right digest', Buffer.from(right, 'hex').toString('base64'), 'signature_malformed'],
    ['another digest', signMessage(secret, v2), 'signature_mismatch'],
  ])('%s is refused, and never a throw', (_name, header, tag) => {
    expect(verifySignature([secret], bytes(v1), header)).toMatchObject({ ok: false, reason: { tag } });
  });

  test('base64 is accepted behind its option, in its one canonical form', () => {
    const base64 = Buffer.from(right, 'hex').toString('base64');
    expect(verifySignature([secret], bytes(v1), base64, { acceptBase64: true }).ok).toBe(true);
    const loose = `${base64.slice(0, 42)}${String.fromCharCode(base64.charCodeAt(42) + 1)}=`;
    expect(Buffer.from(loose, 'base64').toString('hex')).toBe(right);
    expect(verifySignature([secret], bytes(v1), loose, { acceptBase64: true }).ok).toBe(false);
  });

  test('the reason shows no more than eight characters of either signature', () => {
    const verdict = verifySignature([secret], bytes(v2), right);
    const shown = JSON.stringify(verdict);
    expect(shown).toContain(right.slice(0, 8));
    expect(shown).not.toContain(right.slice(0, 9));
    expect(shown).not.toContain(signMessage(secret, v2).slice(0, 9));
  });
});
