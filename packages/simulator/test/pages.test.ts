import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { stage, type Stage } from './world.ts';

const login = (on: Stage): string =>
  `${on.api}/oauth/authorize?${new URLSearchParams({
    client_id: 'simulated-client',
    response_type: 'code',
    redirect_uri: 'http://127.0.0.1:9/callback',
    scope: 'read',
  }).toString()}`;

test.each<[string, (on: Stage) => string, number]>([
  ['the login', login, 200],
  ['the discharge page that is over', (on) => `${on.api}/aaa/v1/discharges/0123456789abcdef`, 404],
])(
  '%s is marked, has one main landmark and one heading, and its policy fits its style',
  async (_title, url, status) => {
    const on = await stage({ oauth: { redirectUris: ['http://127.0.0.1:9/callback'] } });
    const answer = await fetch(url(on));
    const text = await answer.text();
    expect(answer.status).toBe(status);
    expect(text).toMatch(/^<!doctype html>\s*<html lang="en">/);
    for (const once of [/<main>/g, /<h1>[^<]+<\/h1>/g, /<title>[^<]+<\/title>/g, /name="viewport"/g]) {
      expect(text.match(once)).toHaveLength(1);
    }
    expect(text).toContain('<header>Simulated Fly.io');
    const style = /<style>([\s\S]*?)<\/style>/.exec(text)?.[1] ?? '';
    const digest = createHash('sha256').update(style).digest('base64');
    expect(answer.headers.get('content-security-policy')).toContain(`style-src 'sha256-${digest}'`);
    expect(text).not.toContain('<script');
  },
);

test('everybody can be picked by a button with their name', async () => {
  const on = await stage({ oauth: { redirectUris: ['http://127.0.0.1:9/callback'] } });
  const text = await (await fetch(login(on))).text();
  for (const name of ['Gabriella Fern', 'Milo Kast', 'Otto Brandt']) {
    expect(text).toMatch(new RegExp(`<button name="user_id" value="[^"]+">${name}</button>`));
  }
});
