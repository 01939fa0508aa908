import { expect, test } from 'vitest';
import { createProvider, type ProviderOptions } from '@hangar/provider';
import { Secret } from '@hangar/security';

const good: ProviderOptions = {
  publicBaseUrl: 'https://logjam.example/flyio',
  providerSlug: 'logjam',
  provisioningSecrets: [Secret.of('hangar-provisioning-secret')],
  webhookSecret: Secret.of('hangar-webhook-secret'),
  webhookUrl: 'https://api.fly.io/api/hooks/extensions/logjam',
  configKeys: ['LOGJAM_URL'],
  cookie: { secure: true },
  landing: (id: string) => `/extensions/${id}`,
  seller: { provision: async () => ({ config: {} }), deprovision: async () => undefined },
} as unknown as ProviderOptions;

test('good options start', () => {
  expect(() => createProvider(good)).not.toThrow();
});

test.each<[string, Partial<ProviderOptions>, string]>([
  ['no provisioning secret', { provisioningSecrets: [] }, 'provisioningSecrets'],
  ['an empty secret', { provisioningSecrets: [Secret.of('')] }, 'provisioningSecrets'],
  ['a short secret', { webhookSecret: Secret.of('fifteen-bytes!!') }, 'webhookSecret'],
  [
    'a placeholder',
    { provisioningSecrets: [Secret.of('changeme-changeme-changeme')] },
    'provisioningSecrets',
  ],
  [
    'one secret for both directions',
    { webhookSecret: Secret.of('hangar-provisioning-secret') },
    'webhookSecret',
  ],
  [
    'an old provisioning secret for webhooks',
    { provisioningSecrets: [Secret.of('a-brand-new-secret-1'), Secret.of('hangar-webhook-secret')] },
    'webhookSecret',
  ],
  ['a base that is no address', { publicBaseUrl: '/flyio' }, 'publicBaseUrl'],
  ['a base with a query', { publicBaseUrl: 'https://logjam.example/flyio?x' }, 'publicBaseUrl'],
  ['a cookie without Secure on https', { cookie: { secure: false } }, 'cookie.secure'],
  [
    'a cookie without Secure on plain http elsewhere',
    { cookie: { secure: false }, publicBaseUrl: 'http://logjam.example/flyio' },
    'cookie.secure',
  ],
  ['a config key that is no variable', { configKeys: ['logjam-url'] }, 'configKeys'],
])('%s does not start, and says which option', (_, change, option) => {
  expect(() => createProvider({ ...good, ...change })).toThrow(
    expect.objectContaining({ code: 'config_invalid', message: expect.stringContaining(option) }),
  );
});

test('no secret is in what it says', () => {
  try {
    createProvider({ ...good, webhookSecret: Secret.of('changeme-and-be-careful') });
    expect.unreachable();
  } catch (error) {
    expect(String(error)).not.toContain('be-careful');
  }
});
