import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openHouse, type DemoHouse } from '../src/demo/house.ts';
import { environment } from '../src/demo/steps/environment.ts';
import { provision } from '../src/demo/steps/provision.ts';
import { Story } from '../src/demo/story.ts';
import { token } from './run-token.ts';

const sharedSecret = Buffer.alloc(32, 9).toString('base64');
let house: DemoHouse;
let story: Story;

const customer = (): Record<string, string> => ({
  HANGAR_API_URL: house.gatewayUrl,
  HANGAR_API_TOKEN: story.token,
});
const machine = (verb: string): string => `/v1/apps/${story.appName}/machines/${story.machineId}/${verb}`;

beforeAll(async () => {
  house = await openHouse({ processes: 1, databaseUrl: undefined, onLine: () => {}, built: true });
  story = new Story(house, false);
  await provision.play(story);
  await environment.play(story);
}, 120_000);
afterAll(async () => await house.close());

describe('hangar token', { timeout: 120_000 }, () => {
  test('makes a token for automation: one app, read and control, a year, nobody to ask', async () => {
    const made = await token(
      ['create', '--preset', 'app-control', '--app', story.appName, '--expires', '8760h', '--json'],
      customer(),
    );
    expect(made.errors).toBe('');
    expect(made.code).toBe(0);
    expect(made.json).toMatchObject({ third_party: [], preset: 'app-control' });
    expect(made.json['id']).toMatch(/^[0-9a-f-]{36}$/);
    const days = (Date.parse(String(made.json['effective_expiry'])) - Date.now()) / 86_400_000;
    expect(Math.round(days)).toBe(365);

    const holder = { HANGAR_API_URL: house.gatewayUrl, HANGAR_TOKEN: String(made.json['token']) };
    const start = await token(['check', '--json', 'POST', machine('start')], holder);
    expect(start).toMatchObject({ code: 0, json: { allowed: true, code: null } });
    const remove = await token(['check', '--json', 'DELETE', `/v1/apps/${story.appName}`], holder);
    expect(remove).toMatchObject({ code: 3, json: { allowed: false, code: 'caveat_denied' } });
    expect(String(remove.json['reason'])).toMatch(/delete/);
    expect(String(remove.json['caveat'])).not.toBe('');
    const other = await token(
      ['check', '--json', 'POST', `/v1/apps/${story.otherAppName}/machines/x/start`],
      holder,
    );
    expect(other.code).not.toBe(0);
  });

  test('narrows and explains with no server at all', async () => {
    const offline = { HANGAR_TOKEN: story.token, HANGAR_API_URL: 'http://127.0.0.1:9' };
    const narrowed = await token(
      ['attenuate', '--app', String(story.appNumber), '--mask', 'rC', '--for', '1h', '--json'],
      offline,
    );
    expect(narrowed.code).toBe(0);
    const told = await token(['explain'], { HANGAR_TOKEN: String(narrowed.json['token']) });
    expect(told.code).toBe(0);
    expect(told.text).toMatch(new RegExp(`read and control on app ${story.appNumber}`));
    const denied = await token(
      ['check', 'DELETE', machine(''), '--json'].map((part) => part.replace(/\/$/, '')),
      {
        HANGAR_API_URL: house.gatewayUrl,
        HANGAR_TOKEN: String(narrowed.json['token']),
      },
    );
    expect(denied.code).toBe(3);
  });

  test('narrows by any caveat in a file: our own, and ids that no double holds', async () => {
    const holder = { HANGAR_TOKEN: story.token, HANGAR_API_URL: house.gatewayUrl };
    const caveats = JSON.stringify([
      { type: 'Rate', body: { per_minute: 60 } },
      {
        type: 'EnvCreate',
        body: { key_prefix: 'pr-', classes: ['small'], max_live: 2, max_ttl_s: 3600, labels: {} },
      },
    ]);
    const narrowed = await token(
      ['attenuate', '--caveats', '-', '--json', '--token', story.token],
      holder,
      caveats,
    );
    expect(narrowed.errors).toBe('');
    expect(narrowed.code).toBe(0);
    const told = await token(['explain'], { HANGAR_TOKEN: String(narrowed.json['token']) });
    expect(told.text).toMatch(/60/);
    expect(told.text).toMatch(/pr-/);

    const apps = '[{"type":"Apps","body":{"apps":{"9007199254740993":"r"}}}]';
    const exact = await token(['attenuate', '--caveats', '-', '--token', story.token], holder, apps);
    const shown = await token(['explain'], { HANGAR_TOKEN: exact.text.trim() });
    expect(shown.text).toMatch(/app 9007199254740993/);

    const none = await token(['attenuate', '--caveats', '/nowhere.json', '--token', story.token], holder);
    expect(none).toMatchObject({ code: 2 });
    expect(none.errors).toMatch(/nowhere\.json cannot be read \(ENOENT\)/);
    const bad = await token(
      ['attenuate', '--caveats', '-', '--token', story.token],
      holder,
      '[{"type":"Rate","body":{"per_minut":5}}]',
    );
    expect(bad.code).toBe(2);
    expect(bad.errors).toMatch(/caveats/);
  });

  test('takes the token by flag, environment or pipe, and asks for one when there is none', async () => {
    for (const ran of [
      await token(['explain', '--token', story.token]),
      await token(['explain'], { HANGAR_TOKEN: story.token }),
      await token(['explain'], {}, story.token),
      await token(['explain', '--token', '-'], {}, `${story.token}\n`),
    ]) {
      expect(ran.code).toBe(0);
    }
    const none = await token(['explain']);
    expect(none.code).toBe(2);
    expect(none.errors).toMatch(/--token|HANGAR_TOKEN/);
  });

  test('calls a token that was cut off cut off, at every length, and repeats no part of it', async () => {
    for (const length of [5, 40, story.token.length - 1]) {
      const cut = story.token.slice(0, length);
      const ran = await token(['attenuate', '--mask', 'r', '--json'], { HANGAR_TOKEN: cut });
      expect(ran.code).toBe(1);
      expect(ran.json['code']).toBe('token_truncated');
      if (length > 5) expect(ran.text).not.toContain(cut.slice(4));
    }
  });

  test('lists what is out there, shows one, and ends it; afterwards it no longer verifies', async () => {
    const made = await token(
      ['create', '--preset', 'readonly', '--name', 'grafana', '--expires', '30d', '--json'],
      customer(),
    );
    const holder = { HANGAR_API_URL: house.gatewayUrl, HANGAR_TOKEN: String(made.json['token']) };
    expect((await token(['verify', '--json'], holder)).json['valid']).toBe(true);
    // What `$(…)` of a shell keeps is a token that works.
    const substituted = await token(['create', '--preset', 'readonly'], customer());
    const verified = await token(['verify'], { HANGAR_API_URL: house.gatewayUrl }, substituted.text);
    expect([verified.code, verified.text]).toEqual([0, expect.stringMatching(/^Genuine\./)]);
    expect(substituted.errors).toMatch(/It is shown this once/);
    const listed = await token(['list', '--json'], customer());
    const names = (listed.json['tokens'] as { name: string; id: string }[]).map((row) => row.name);
    expect(names).toContain('grafana');
    expect(listed.text).not.toContain(String(made.json['token']).slice(10));
    expect((await token(['show', String(made.json['id'])], customer())).text).toMatch(/grafana \(active\)/);
    expect((await token(['revoke', String(made.json['id'])], customer())).code).toBe(0);
    const after = await token(['verify', '--json'], holder);
    expect(after).toMatchObject({ code: 3, json: { valid: false, code: 'token_revoked' } });
  });

  test('a token that is revoked by its text is revoked in the list', async () => {
    const made = await token(
      ['create', '--preset', 'ssh', '--app', story.appName, '--name', 'shell', '--json'],
      customer(),
    );
    const [first = '', second = ''] = String(made.json['token']).split(',');
    const shown = async () => (await token(['show', String(made.json['id'])], customer())).text;
    const half = await token(['revoke', '--token', first], customer());
    expect(half.text).toContain('Recorded tokens it reached: 0.');
    expect(await shown()).toMatch(/shell \(active, part 1 of 2 revoked\)/);
    const whole = await token(['revoke', '--token', second], customer());
    expect(whole.text).toContain('Recorded tokens it reached: 1.');
    expect(await shown()).toMatch(/shell \(revoked\)/);
    const active = await token(['list', '--active', '--json'], customer());
    expect(active.text).not.toContain(String(made.json['id']));
  });

  test('cannot make more of less', async () => {
    const made = await token(['create', '--preset', 'readonly', '--json'], customer());
    const more = await token(['create', '--preset', 'org', '--json'], {
      HANGAR_API_URL: house.gatewayUrl,
      HANGAR_TOKEN: String(made.json['token']),
    });
    expect(more.code).toBe(1);
    expect(more.json['code']).toBe('caveat_denied');
  });

  test('adds a third party by hand, discharges its ticket and puts the two together', async () => {
    const secret = { TOKEN_3P_SHARED_SECRET: sharedSecret };
    const location = 'https://auth.acme.example';
    const asking = await token(['3p', 'add', '-l', location, '--json'], {
      ...secret,
      HANGAR_TOKEN: story.token,
    });
    const ticket = await token(['3p', 'ticket', '-l', location, '--json'], {
      HANGAR_TOKEN: String(asking.json['token']),
    });
    const discharge = await token(
      ['3p', 'discharge', '-l', location, '--ticket', String(ticket.json['ticket']), '--json'],
      secret,
    );
    const whole = await token(
      ['3p', 'add-discharge', '--discharge', String(discharge.json['token']), '--json'],
      { HANGAR_TOKEN: String(asking.json['token']) },
    );
    expect(whole.code).toBe(0);
    expect(String(whole.json['token']).split(',')).toHaveLength(2);
    const told = await token(['explain', '--json'], { HANGAR_TOKEN: String(whole.json['token']) });
    expect(told.json['missing_discharges']).toEqual([]);
    const without = await token(['3p', 'discharge', '-l', location, '--ticket', 'AAAA', '--json'], secret);
    expect(without).toMatchObject({ code: 1 });
  });

  test('answers no to a request about something that is not there', async () => {
    const asked = await token(['check', '--json', 'POST', '/v1/apps/none/machines/ID/start'], customer());
    expect(asked).toMatchObject({
      code: 3,
      json: { allowed: false, code: 'not_found', caveat: null, reason: expect.any(String) },
    });
    const wrong = await token(['check', '--json', 'v1/apps', 'GET'], customer());
    expect(wrong).toMatchObject({ code: 2, json: { code: 'usage' } });
  });

  test('names the gateway that does not answer, and what works without one', async () => {
    const nowhere = { ...customer(), HANGAR_API_URL: 'http://127.0.0.1:9' };
    const listed = await token(['list', '--json'], nowhere);
    expect(listed).toMatchObject({ code: 1, json: { code: 'gateway_unreachable' } });
    expect(listed.json['error']).toMatch(/^http:\/\/127\.0\.0\.1:9 cannot be asked .*HANGAR_API_URL/);
    const named = await token(['attenuate', '--app', story.appName], nowhere);
    expect(named.code).toBe(2);
    expect(named.errors).toMatch(/Give the number in its place, which needs no gateway/);
    const plain = await token(['list'], { ...customer(), HANGAR_API_URL: 'http://gateway.example' });
    expect(plain.errors).toMatch(/tokens are sent over https, or to this machine/);
  });

  test('tells the wrong use of a command from a refusal by its exit code', async () => {
    for (const args of [[], ['frobnicate'], ['check', 'GET'], ['attenuate', '--nope'], ['3p']])
      expect([args, (await token(args, customer())).code]).toEqual([args, 2]);
    expect((await token(['--help'])).text).toMatch(/Exit codes:/);
    expect((await token(['check', '--help'])).code).toBe(0);
  });

  test('says what is wrong with a wish, in one sentence', async () => {
    const preset = await token(['create', '--preset', 'nope', '--json'], customer());
    expect(preset).toMatchObject({ code: 2, json: { error: expect.stringMatching(/app-control/) } });
    const neither = await token(['create'], customer());
    expect(neither).toMatchObject({ code: 2 });
    const unknown = await token(
      ['create', '--preset', 'deploy', '--app', 'no-such-app', '--json'],
      customer(),
    );
    expect(unknown).toMatchObject({ code: 1, json: { code: 'not_found' } });
    const forever = await token(['create', '--preset', 'org', '--expires', '20y', '--json'], customer());
    expect(forever).toMatchObject({
      code: 2,
      json: { error: expect.stringMatching(/^--expires takes .*w, d, h, m and s/) },
    });
  });

  test('names the flag and not the field of the door, and says what is accepted', async () => {
    const refusals: [string[], number, RegExp][] = [
      [['--preset', 'org', '--expires', '1y'], 2, /^--expires takes a duration in w, d, h, m and s/],
      [['--preset', 'org', '--expires', '3600'], 2, /^--expires takes a duration in w, d, h, m and s/],
      [['--preset', 'org', '--expires', '367d'], 1, /\(--expires: from 1s to 366d\)/],
      [['--preset', 'deploy'], 1, /\(--app: preset deploy is about one app\)/],
      [['--preset', 'org', '--name', ''], 1, /\(--name: /],
      [['--preset', 'org', '--source', 'nowhere'], 1, /\(--source: /],
      [['--preset', 'org', '--app', '0'], 1, /\(--app: /],
      [['--preset', 'org', '--command', 'ls'], 1, /\(--command or --prefix: /],
    ];
    for (const [args, code, words] of refusals) {
      const ran = await token(['create', ...args, '--json'], customer());
      expect([args, ran.code, ran.json['error']]).toEqual([args, code, expect.stringMatching(words)]);
      expect(String(ran.json['error'])).not.toMatch(/expires_in|app_id|\(commands|require_login/);
    }
    const fine = await token(['create', '--preset', 'org', '--expires', '1w2d', '--json'], customer());
    expect(fine.code).toBe(0);
  });

  test('says of another port, and of another server, that it is no gateway', async () => {
    const foreign = createServer((_, answer) =>
      answer.writeHead(200, { 'content-type': 'text/html' }).end('<p>hi'),
    );
    await new Promise<void>((resolve) => foreign.listen(0, '127.0.0.1', resolve));
    const elsewhere = `http://127.0.0.1:${(foreign.address() as AddressInfo).port}`;
    const calls: [string, string[]][] = [
      [house.publicUrl, ['list']],
      [house.publicUrl, ['create', '--preset', 'readonly']],
      [house.publicUrl, ['verify']],
      [house.flyUrl, ['list']],
      [elsewhere, ['list']],
      [elsewhere, ['revoke']],
    ];
    for (const [url, args] of calls) {
      const ran = await token([...args, '--url', url, '--json', '--token', story.token]);
      expect([url, args, ran.code, ran.json['code']]).toEqual([url, args, 1, 'not_a_gateway']);
    }
    foreign.close();
    // The gateway itself knows no such token, which is another thing.
    const unknown = await token(['show', 'none', '--json'], customer());
    expect(unknown).toMatchObject({ code: 1, json: { code: 'not_found' } });
  });

  test('says that there is a line break inside a token', async () => {
    const wrapped = `${story.token.slice(0, 80)}\n${story.token.slice(80)}`;
    for (const args of [['verify'], ['check', 'GET', '/v1/apps'], ['explain']]) {
      const ran = await token(args, customer(), wrapped);
      expect([args, `${ran.text}${ran.errors}`]).toEqual([
        args,
        expect.stringContaining('there is a line break or space inside the token'),
      ]);
    }
  });

  test('does not add what nothing clears', async () => {
    const caveats = '[{"type":"Apps","body":{"apps":{"0":"r","5":"r"}}}]';
    const ran = await token(['attenuate', '--caveats', '-', '--json', '--token', story.token], {}, caveats);
    expect(ran).toMatchObject({
      code: 2,
      json: { error: expect.stringMatching(/every app and single ones at once/) },
    });
  });
});
