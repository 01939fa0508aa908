import { BlockList, isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Action, caveatsFromJson } from '@hangar/macaroon';
import { hangarCaveats, sourceCaveat } from '@hangar/authority';

const v4 = fc.ipV4();
const v6 = fc.ipV6();
/** Addresses that share a beginning with a network, so that the last bits decide. */
const near = fc
  .tuple(fc.constantFrom('10.1.2.', '203.0.113.'), fc.nat(255))
  .map(([head, last]) => head + last);
const nearSix = fc
  .tuple(fc.constantFrom('2001:db8::', 'fdaa:0:1::'), fc.nat(0xffff))
  .map(([head, last]) => head + last.toString(16));
const mapped = v4.map((address) => `::ffff:${address}`);
const address = fc.oneof(v4, v6, near, nearSix, mapped);
const network = fc.oneof(
  fc.tuple(fc.oneof(v4, near), fc.nat(32)),
  fc.tuple(fc.oneof(v6, nearSix), fc.nat(128)),
);

function clears(cidr: string, remoteAddress: string): boolean {
  const access = { action: Action.read, now: new Date(0), extension: { remoteAddress } };
  return sourceCaveat.clear({ cidrs: [cidr] }, { kind: 'access', access }, undefined) === undefined;
}

/** IPv4 in IPv6 as it was written before the year 2006. */
const OUT_OF_USE = /^::\d+\./;

/** What Node says, which reads addresses with a library of its own. */
function nodeSays(base: string, bits: number, asked: string): boolean {
  if (OUT_OF_USE.test(base) || OUT_OF_USE.test(asked)) return false;
  const plain = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(asked)?.[1] ?? asked;
  if (isIP(base) !== isIP(plain)) return false;
  const family = isIP(base) === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(base, bits, family);
  return list.check(plain, family);
}

describe('the networks of a token', () => {
  it('hold the addresses that Node says they hold', () => {
    let held = 0;
    fc.assert(
      fc.property(network, address, ([base, bits], asked) => {
        const expected = nodeSays(base, bits, asked);
        if (expected) held += 1;
        expect(clears(`${base}/${bits}`, asked)).toBe(expected);
      }),
      { numRuns: 5000 },
    );
    expect(held).toBeGreaterThan(20);
  });

  it.each([
    '10.0.0.1',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0/8',
    '010.0.0.0/8',
    '0x0a.0.0.0/8',
    '167772160/8',
    '::ffff:010.0.0.0/104',
    '::/129',
    '::10.0.0.0/104',
    'fe80::1%eth0/64',
    'hangar.example/8',
    '/8',
    '',
  ])('are networks: %j is none', (cidr) => {
    const read = caveatsFromJson(
      JSON.stringify([{ type: 'Source', body: { cidrs: [cidr] } }]),
      hangarCaveats(),
    );
    expect(read.ok).toBe(false);
    expect(clears(cidr, '10.0.0.1')).toBe(false);
  });
});
