import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY, POLICY_RULES, type PolicyMember, readPolicy, valueIn } from '@hangar/gateway/policy';

const members = Object.keys(POLICY_RULES) as PolicyMember[];

/** A file that says one thing, wherever its name puts it. */
function fileWith(name: string, value: unknown): Record<string, unknown> {
  const [section = '', member] = name.split('.');
  return { version: 1, [section]: member === undefined ? value : { [member]: value } };
}

function faultsOf(file: unknown): Record<string, string> {
  const read = readPolicy(file);
  return read.ok ? {} : Object.fromEntries(read.reason.map(({ path, fault }) => [path, fault]));
}

describe('a policy file', () => {
  it('that decides nothing has the defaults', () => {
    expect(readPolicy({ version: 1 })).toEqual({ ok: true, value: { policy: DEFAULT_POLICY, decided: [] } });
  });

  it('can say every value of the policy, in the words in which it is shown', () => {
    const others: Partial<Record<PolicyMember, unknown>> = { regions: ['fra'], images: ['acme/*'] };
    for (const member of members) {
      const value = others[member] ?? valueIn(DEFAULT_POLICY, member);
      const read = readPolicy(fileWith(POLICY_RULES[member].name, value));
      if (!read.ok) throw new Error(`${member}: ${JSON.stringify(read.reason)}`);
      expect(read.value.decided).toEqual([member]);
      expect(valueIn(read.value.policy, member)).toEqual(value);
    }
  });

  it.each(members)('takes no value of another type for %s', (member) => {
    const { name, form } = POLICY_RULES[member];
    for (const wrong of [
      null,
      true,
      {},
      [],
      [7],
      ['fra', 'fra'],
      -1,
      1.5,
      '',
      'a b',
      '3',
      Number.MAX_SAFE_INTEGER,
    ])
      expect(faultsOf(fileWith(name, wrong)), JSON.stringify(wrong)).toEqual({ [name]: `must be ${form}` });
  });

  const ranges: [string, unknown, boolean][] = [
    ['environments.max_live', 0, true],
    ['environments.max_live', 1_000_001, false],
    ['guests.kinds', ['performance'], true],
    ['guests.kinds', ['gpu'], false],
    ['guests.max_cpus', 0, false],
    ['guests.max_memory_mb', 255, false],
    ['guests.max_memory_mb', 256, true],
    ['machines.max_per_environment', 10_001, false],
    ['volumes.max_gb', 0, false],
    ['addresses.max_per_environment', 0, false],
    ['network.public_ip', 'shared', true],
    ['network.public_ip', 'dedicated', false],
    ['regions', ['fra', 'iad'], true],
    ['regions', ['Frankfurt'], false],
    ['regions', Array.from({ length: 101 }, (_, at) => `a${String.fromCharCode(97 + (at % 26))}b`), false],
    ['images.allow', ['acme/py:*', '*'], true],
    ['images.allow', ['acme/py :*'], false],
    ['lifecycle.delete_grace', '72h', true],
    ['lifecycle.delete_grace', '366d', true],
    ['lifecycle.delete_grace', '367d', false],
    ['lifecycle.delete_grace', 72, false],
    ['exec.timeout_s', 3601, false],
    ['exec.max_output_bytes', 4_194_304, true],
    ['exec.max_output_bytes', 4_194_305, false],
  ];
  it.each(ranges)('%s: %j is taken: %j', (name, value, taken) => {
    expect(Object.keys(faultsOf(fileWith(name, value)))).toEqual(taken ? [] : [name]);
  });

  const unknown: [string, unknown, RegExp][] = [
    ['machine', { max_per_environment: 1 }, /is not known; did you mean machines\?/],
    ['machines.max_per_enviroment', 1, /is not known; did you mean machines\.max_per_environment\?/],
    ['machines.cores', 1, /is not known; expected one of machines\.max_per_environment$/],
    ['volumes.constructor', 1, /expected one of volumes\.max_per_environment, volumes\.max_gb/],
    ['machines.max_running', 1, /not supported yet/],
    ['images.deny', ['*:latest'], /not supported yet/],
    ['lifecycle.ttl', '72h', /not supported yet/],
    ['network.mode', 'isolated', /not supported yet/],
    ['budget', { amount: '25.00' }, /not supported yet/],
  ];
  it.each(unknown)('refuses %s by its full path', (name, value, words) => {
    expect(faultsOf(fileWith(name, value))).toEqual({ [name]: expect.stringMatching(words) });
  });

  it('says everything that is wrong at once', () => {
    const file = { machines: { max_per_environment: 'two', most: 3 }, volumes: [], rate: {}, regions: [] };
    expect(Object.keys(faultsOf(file)).toSorted()).toEqual([
      'machines.max_per_environment',
      'machines.most',
      'rate',
      'regions',
      'version',
      'volumes',
    ]);
  });

  it.each([undefined, null, 7, 'text', []])('is an object, not %j', (file) => {
    expect(faultsOf(file)).toEqual({ '': 'must be an object' });
  });

  it('takes no dotted name for a path', () => {
    expect(Object.keys(faultsOf({ version: 1, 'machines.max_per_environment': 1 }))).toEqual([
      '"machines.max_per_environment"',
    ]);
  });
});
