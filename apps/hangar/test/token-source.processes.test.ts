import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { tokenEnding } from '@hangar/authority';
import { addThirdParty, encodeToken, LOCATIONS, mint, tokenId, type Macaroon } from '@hangar/macaroon';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { builtHangar } from '../../../test/harness/built.ts';
import { consent } from '../src/token/source/consent.ts';
import { readAll } from '../src/token/source/standard-input.ts';
import { token } from './run-token.ts';

const sharedKey = new Uint8Array(32).fill(9);
const secret = { TOKEN_3P_SHARED_SECRET: Buffer.from(sharedKey).toString('base64') };
const own = (organization: bigint): Macaroon =>
  mint({
    key: new Uint8Array(32).fill(1),
    keyId: new Uint8Array([1]),
    location: LOCATIONS.permission,
    caveats: [{ type: 'Organization', id: organization, mask: 31 }],
  });
/** One token for each place that it may come from. */
const places = {
  '--token': own(1n),
  'standard input': own(2n),
  HANGAR_TOKEN: own(3n),
  HANGAR_API_TOKEN: own(4n),
  FLY_API_TOKEN: own(5n),
};
type Place = keyof typeof places;
const variables = ['HANGAR_TOKEN', 'HANGAR_API_TOKEN', 'FLY_API_TOKEN'] as const;
const textOf = (place: Place): string => encodeToken(places[place]);

/** Answers whatever the commands want to read, and keeps what it was asked. */
let gateway: { url: string; received: string[]; close: () => void };
beforeAll(async () => {
  const received: string[] = [];
  const server = createServer((incoming, answer) => {
    let body = '';
    incoming.on('data', (part: Buffer) => (body += part.toString()));
    incoming.on('end', () => {
      received.push(`${incoming.headers.authorization ?? ''} ${body}`);
      answer.writeHead(200, { 'content-type': 'application/json', 'hangar-door': 'tokens' });
      answer.end(JSON.stringify({ tokens: [], allowed: true, token: 'fm2_made', id: 'made' }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  gateway = { url, received, close: () => server.close() };
});
beforeEach(() => void gateway.received.splice(0));
afterAll(() => gateway.close());

/** Every subcommand that takes a token, with arguments that it does something with. */
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  explain: ['explain'],
  show: ['show'],
  attenuate: ['attenuate', '--mask', 'r'],
  refresh: ['refresh', '--no-user'],
  '3p add': ['3p', 'add', '-l', 'https://login.example'],
  '3p ticket': ['3p', 'ticket', '-l', 'https://login.example'],
  '3p add-discharge': ['3p', 'add-discharge', '--discharge', 'fm2_'],
  create: ['create', '--preset', 'readonly'],
  list: ['list'],
  verify: ['verify'],
  check: ['check', 'GET', '/v1/apps'],
  revoke: ['revoke', '--yes'],
};

/** Every way to name what is acted upon: the token is only a credential there. */
const NAMED: readonly (readonly string[])[] = [
  ['show', 'some-id'],
  ['revoke', '9c50a3c8-ffb0-541c-befe-377a758ecacd'],
  ['revoke', '--branch', '0'.repeat(64)],
  ['revoke', '--creator', 'somebody'],
  ['revoke', '--app', '7'],
  ['revoke', '--key', '3'],
];

async function used(args: readonly string[], given: readonly Place[]) {
  const environment: Record<string, string> = { ...secret, HANGAR_API_URL: gateway.url };
  for (const variable of variables) if (given.includes(variable)) environment[variable] = textOf(variable);
  const flag = given.includes('--token') ? ['--token', textOf('--token')] : [];
  const piped = given.includes('standard input') ? textOf('standard input') : '';
  const ran = await token([...args, ...flag, '--json'], environment, piped);
  return ran.json['used'];
}

const only = (place: Place) => ({
  from: place,
  tokens: [{ id: tokenId(places[place]), ends_with: tokenEnding(places[place]) }],
});

describe('which token a command acts on', { timeout: 120_000 }, () => {
  test('every command takes what is piped in before what variables hold, and names it', async () => {
    for (const [name, args] of Object.entries(COMMANDS))
      expect([name, await used(args, ['standard input', ...variables])]).toEqual([
        name,
        only('standard input'),
      ]);
    for (const request of gateway.received) expect(request).toContain(textOf('standard input'));
    expect(gateway.received).toHaveLength(5);
  });

  test('a command that names its target leaves the pipe alone, unless --token - asks for it', async () => {
    for (const args of NAMED) {
      expect(await used(args, ['standard input', 'HANGAR_TOKEN'])).toEqual(only('HANGAR_TOKEN'));
      expect(await used([...args, '--token', '-'], ['standard input', 'HANGAR_TOKEN'])).toEqual(
        only('standard input'),
      );
    }
    const none = await token(['revoke', 'some-id'], {}, textOf('standard input'));
    expect(none).toMatchObject({ code: 2, errors: expect.stringContaining('- reads standard input') });
  });

  test('a loop over ids revokes each of them', async () => {
    const loop = 'while read -r id; do "$NODE" "$HANGAR" token revoke "$id" || exit 1; done';
    const environment = {
      PATH: '/usr/bin:/bin',
      NODE: process.execPath,
      HANGAR: builtHangar,
      HANGAR_TOKEN: textOf('HANGAR_TOKEN'),
      HANGAR_API_URL: gateway.url,
    };
    const shell = spawn('sh', ['-c', loop], { env: environment, stdio: ['pipe', 'ignore', 'ignore'] });
    shell.stdin.end('one\ntwo\nthree\n');
    expect(await new Promise((resolve) => shell.once('close', resolve))).toBe(0);
    expect(gateway.received.map((request) => /"id":"(\w+)"/.exec(request)?.[1])).toEqual([
      'one',
      'two',
      'three',
    ]);
  });

  test('--token before both', async () => {
    for (const args of [['explain'], ['revoke'], ['check', 'GET', '/v1/apps']])
      expect(await used(args, ['--token', 'standard input', ...variables])).toEqual(only('--token'));
  });

  test('then the variables, in their order; a blank one leads to no other', async () => {
    expect(await used(['explain'], variables)).toEqual(only('HANGAR_TOKEN'));
    expect(await used(['explain'], ['HANGAR_API_TOKEN', 'FLY_API_TOKEN'])).toEqual(only('HANGAR_API_TOKEN'));
    expect(await used(['explain'], ['FLY_API_TOKEN'])).toEqual(only('FLY_API_TOKEN'));
    for (const [args, environment, input] of [
      [[], { HANGAR_TOKEN: '', FLY_API_TOKEN: textOf('FLY_API_TOKEN') }, ''],
      [[], { HANGAR_TOKEN: textOf('HANGAR_TOKEN') }, '\n'],
      [['--token', ''], { HANGAR_TOKEN: textOf('HANGAR_TOKEN') }, ''],
    ] as const) {
      const ran = await token(['explain', ...args], environment, input);
      expect([ran.code, ran.text]).toEqual([2, '']);
      expect(ran.errors).toMatch(/no token: .* is blank/);
    }
  });

  test('garbage in a pipe is not replaced by a good variable', async () => {
    const environment = { HANGAR_TOKEN: textOf('HANGAR_TOKEN'), HANGAR_API_URL: gateway.url };
    const ran = await token(['verify', '--json'], environment, 'garbage');
    expect(ran).toMatchObject({
      code: 3,
      json: { valid: false, used: { from: 'standard input', tokens: [] } },
    });
    expect(gateway.received).toEqual([]);
  });

  test('names it on standard error without --json', async () => {
    const ran = await token(['explain'], { HANGAR_TOKEN: textOf('HANGAR_TOKEN') }, textOf('standard input'));
    expect(ran.errors).toBe(
      `Token ${tokenId(places['standard input'])}, ending in ${tokenEnding(places['standard input'])}, from standard input.\n`,
    );
  });

  test('ends the token of a variable only when that was meant', async () => {
    const environment = { HANGAR_TOKEN: textOf('HANGAR_TOKEN'), HANGAR_API_URL: gateway.url };
    const unattended = await fromNothing(['revoke', '--json'], environment);
    expect(unattended).toMatchObject({ code: 2, json: { error: expect.stringContaining('--yes') } });
    const emptyPipe = await token(['revoke', '--yes', '--json'], environment, '');
    expect(emptyPipe).toMatchObject({ code: 2, json: { error: expect.stringContaining('nothing came') } });
    expect(gateway.received).toEqual([]);
    const meant = await fromNothing(['revoke', '--yes', '--json'], environment);
    expect(meant).toMatchObject({ code: 0, json: { used: only('HANGAR_TOKEN') } });
    expect(gateway.received).toHaveLength(1);
    // A pipe names the token well enough.
    expect((await token(['revoke', '--json'], environment, textOf('standard input'))).code).toBe(0);
    expect(gateway.received[1]).toContain(textOf('standard input'));
  });

  test('--caveats - leaves standard input to the caveats', async () => {
    const caveats = '[{"type":"Action","body":"r"}]';
    const holder = { HANGAR_TOKEN: textOf('HANGAR_TOKEN') };
    const ran = await token(['attenuate', '--caveats', '-', '--json'], holder, caveats);
    expect(ran).toMatchObject({ code: 0, json: { used: only('HANGAR_TOKEN') } });
    const both = await token(['attenuate', '--caveats', '-', '--token', '-'], holder, caveats);
    expect(both).toMatchObject({ code: 2, errors: expect.stringContaining('is read once') });
    const none = await token(['attenuate', '--caveats', '-'], {}, caveats);
    expect(none).toMatchObject({ code: 2, errors: expect.stringContaining('no token') });
  });
});

/** Without any standard input, as under a scheduler. */
async function fromNothing(args: readonly string[], environment: Record<string, string>) {
  return await open(args, environment, 'ignore');
}

async function open(args: readonly string[], environment: Record<string, string>, input: 'ignore' | 'pipe') {
  const child = spawn(process.execPath, [builtHangar, 'token', ...args], {
    env: { PATH: '/usr/bin:/bin', ...environment },
    stdio: [input, 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout?.on('data', (part: Buffer) => (text += part.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  child.stdin?.destroy();
  return { code, json: JSON.parse(text) as Record<string, unknown> };
}

describe('an open standard input in which nothing happens', { timeout: 60_000 }, () => {
  test('is not touched when --token is given', async () => {
    const ran = await open(['explain', '--json', '--token', textOf('--token')], {}, 'pipe');
    expect(ran).toMatchObject({ code: 0, json: { used: only('--token') } });
  });

  test('ends the command with a question when patience ends, and never with the token of a variable', async () => {
    const silent = new PassThrough();
    let whenOver = (): void => {};
    const reading = readAll(silent, (callback) => {
      whenOver = callback;
      return () => {};
    });
    whenOver();
    await expect(reading).rejects.toThrow(/nothing has come through it .*--token -/);
    expect(silent.destroyed).toBe(true);
  });

  test('has as much patience again after each part', async () => {
    const slow = new PassThrough();
    const patience = { begun: 0, calledOff: 0 };
    const reading = readAll(slow, () => {
      patience.begun += 1;
      return () => void (patience.calledOff += 1);
    });
    slow.write('fm2_');
    slow.end('rest');
    expect(await reading).toBe('fm2_rest');
    expect(patience.begun).toBeGreaterThan(1);
    expect(patience.calledOff).toBe(patience.begun);
  });

  test('is read to a bound only', async () => {
    const endless = new PassThrough();
    const reading = readAll(endless, () => () => {});
    endless.write(Buffer.alloc(1_048_577));
    await expect(reading).rejects.toThrow(/more than any command takes/);
  });
});

describe('asking a person', () => {
  test.each([
    ['y\n', true, true],
    ['yes\n', true, true],
    ['n\n', true, false],
    ['\n', true, false],
    ['', true, false],
    ['y\n', false, false],
  ])('%j at a terminal (%s) is %s', async (typed, isTTY, agreed) => {
    const input = Object.assign(new PassThrough(), { isTTY });
    const output = Object.assign(new PassThrough(), { isTTY });
    const answer = consent('End it? ', { input, output });
    input.end(typed);
    expect(await answer).toBe(agreed);
  });
});

describe('a result that is one text stands alone on standard output', { timeout: 60_000 }, () => {
  const location = 'https://login.example';
  const asking = addThirdParty(places['--token'], { location, sharedKey });

  test.each<[string, readonly string[], RegExp]>([
    ['create', ['create', '--preset', 'readonly'], /^fm2_made\n$/],
    ['refresh', ['refresh', '--no-user'], /^fm2_[\w+/=]+\n$/],
    ['attenuate', ['attenuate', '--mask', 'r'], /^fm2_[\w+/=]+\n$/],
    ['3p add', ['3p', 'add', '-l', 'https://other.example'], /^fm2_[\w+/=]+\n$/],
  ])('%s', async (_, args, alone) => {
    const ran = await token([...args, '--token', textOf('--token'), '--url', gateway.url], secret);
    expect([ran.code, ran.errors.startsWith('Token ')]).toEqual([0, true]);
    expect(ran.text).toMatch(alone);
  });

  test('3p ticket, discharge and add-discharge lead to each other', async () => {
    const ticket = await token(['3p', 'ticket', '-l', location, '--token', encodeToken(asking)]);
    expect(ticket.text).toMatch(/^[\w+/=]+\n$/);
    const discharge = await token(
      ['3p', 'discharge', '-l', location, '--ticket', ticket.text.trim()],
      secret,
    );
    expect(discharge.text).toMatch(/^fm2_[\w+/=]+\n$/);
    const whole = await token(
      ['3p', 'add-discharge', '--discharge', discharge.text.trim()],
      {},
      encodeToken(asking),
    );
    expect(whole.text).toMatch(/^fm2_[\w+/=]+,fm2_[\w+/=]+\n$/);
  });
});
