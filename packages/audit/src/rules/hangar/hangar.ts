import { pages, type Rule, type Sighting } from '../../rule.ts';
import { isGuessed, isPlaceholder, isReference } from '../../secrets/values.ts';
import { at, textOf } from '../../readers/config-node.ts';
import { deployments, inProduction, type Setting } from './settings.ts';

const SHARED_SECRETS = ['HANGAR_PROVISIONING_SECRET', 'HANGAR_WEBHOOK_SECRET', 'HANGAR_OAUTH_CLIENT_SECRET'];
/** As long as the digest that it keys. */
const SECRET_BYTES = 32;

function seen(setting: Setting, detail: string): Sighting {
  return { place: setting.file.place(setting.start, setting.end), detail, key: setting.name };
}

const sharedSecrets: Rule = {
  id: 'HA601',
  severity: 'critical',
  title: 'A shared secret of Hangar is weak or used twice',
  reason: 'Whoever knows or guesses it signs requests in the name of Fly.io, or webhooks in yours.',
  fix: 'Make one for each: `openssl rand -hex 32`, then `fly secrets set HANGAR_PROVISIONING_SECRET=… HANGAR_WEBHOOK_SECRET=…`.',
  source: pages.hangar,
  *check(project) {
    for (const { settings } of deployments(project)) {
      const used = new Map<string, string>();
      for (const name of SHARED_SECRETS) {
        const setting = settings.get(name);
        if (setting === undefined || isReference(setting.value)) continue;
        for (const secret of setting.value.split(',').map((one) => one.trim())) {
          const twin = used.get(secret);
          if (secret === '') continue;
          if (twin !== undefined && twin !== name) yield seen(setting, `${name} is the same as ${twin}`);
          else if (isGuessed(secret) || isPlaceholder(secret))
            yield seen(setting, `${name} is a word that everybody tries first`);
          else if (Buffer.byteLength(secret) < SECRET_BYTES)
            yield seen(setting, `${name} is shorter than ${SECRET_BYTES} bytes`);
          used.set(secret, name);
        }
      }
    }
  },
};

const organizations: Rule = {
  id: 'HA602',
  severity: 'high',
  title: 'The gateway is open to every organization',
  reason:
    'With `*` whoever has a token of any organization works through your gateway, on your account with Tigris.',
  fix: 'Name them: `FLY_ALLOWED_ORGS=my-org,other-org`, or leave it unset and set FLY_APP_NAME.',
  source: pages.hangar,
  *check(project) {
    for (const deployment of deployments(project)) {
      const { settings, config, file } = deployment;
      const allowed = settings.get('FLY_ALLOWED_ORGS');
      if (allowed?.value.split(',').some((one) => one.trim() === '*') === true)
        yield seen(allowed, 'FLY_ALLOWED_ORGS holds *');
      // On Fly.io every machine knows the name of its app.
      else if (
        inProduction(deployment) &&
        config === undefined &&
        allowed === undefined &&
        !settings.has('FLY_APP_NAME')
      )
        yield {
          place: file.placeOfLine(1),
          detail: 'neither FLY_ALLOWED_ORGS nor FLY_APP_NAME is set',
          key: 'no organization',
        };
    }
  },
};

const embedded: Rule = {
  id: 'HA603',
  severity: 'high',
  title: 'The embedded database serves in production',
  reason:
    'It has one process and one disk: two machines are two Hangars that know nothing of each other, and a power cut may lose data.',
  fix: 'Run `fly secrets set DATABASE_URL=postgres://…?sslmode=verify-full`, and delete HANGAR_ALLOW_EMBEDDED_DATABASE.',
  source: pages.hangar,
  *check(project) {
    for (const deployment of deployments(project)) {
      const { settings, machines, file } = deployment;
      const allowed = settings.get('HANGAR_ALLOW_EMBEDDED_DATABASE');
      if (allowed?.value === 'true' && inProduction(deployment))
        yield seen(allowed, 'the embedded database is allowed with HANGAR_FLY=real');
      else if (settings.has('HANGAR_DATA_DIR') && machines > 1 && !settings.has('DATABASE_URL'))
        yield {
          place: file.placeOfLine(1),
          detail: `${machines} machines, each with a database of its own`,
          key: 'machines',
        };
    }
  },
};

const OWNERS = new Set([
  'postgres',
  'root',
  'admin',
  'flypgadmin',
  'superuser',
  'repmgr',
  'doadmin',
  'neondb_owner',
]);

const databaseRole: Rule = {
  id: 'HA604',
  severity: 'high',
  title: 'The database is reached as its owner, or without encryption',
  reason:
    "An owner may drop everything and read what is not Hangar's; without TLS the password and the data pass in the clear.",
  fix: 'Make a role (`CREATE ROLE hangar LOGIN; CREATE DATABASE hangar OWNER hangar`), and end DATABASE_URL with `?sslmode=verify-full`.',
  source: pages.hangar,
  *check(project) {
    for (const { settings } of deployments(project)) {
      const setting = settings.get('DATABASE_URL');
      const address = setting === undefined || isReference(setting.value) ? undefined : parsed(setting.value);
      if (setting === undefined || address === undefined) continue;
      if (OWNERS.has(decodeURIComponent(address.username)))
        yield seen(setting, `DATABASE_URL names the role ${address.username}`);
      else if (
        !isLocal(address.hostname) &&
        !/^(?:require|verify-ca|verify-full)$/.test(address.searchParams.get('sslmode') ?? '')
      )
        yield seen(setting, 'DATABASE_URL does not ask for TLS');
    }
  },
};

function parsed(text: string): URL | undefined {
  try {
    const url = new URL(text);
    decodeURIComponent(url.username);
    return /^postgres(?:ql)?:$/.test(url.protocol) ? url : undefined;
  } catch {
    return undefined;
  }
}

/** On this machine, or inside the encrypted network of the organization. */
function isLocal(host: string): boolean {
  return /^(?:localhost|127\.|\[::1\])|\.(?:internal|flycast)$/.test(host);
}

const publicAddress: Rule = {
  id: 'HA605',
  severity: 'medium',
  title: 'The public address of Hangar is not the one it has',
  reason:
    'Signed requests must name it: with `http:` or another host they are refused, or readable on the way.',
  fix: 'Set `HANGAR_PUBLIC_URL=https://HOST`, with a host of `fly certs list`.',
  source: pages.hangar,
  *check(project) {
    for (const deployment of deployments(project)) {
      const { settings, config } = deployment;
      for (const name of ['HANGAR_PUBLIC_URL', 'HANGAR_GATEWAY_URL']) {
        const setting = settings.get(name);
        if (setting === undefined || isReference(setting.value)) continue;
        const host = /^[a-z]+:\/\/([^/:]+)/i.exec(setting.value)?.[1] ?? '';
        const own = textOf(config === undefined ? undefined : at(config.root, 'app'));
        if (inProduction(deployment) && setting.value.startsWith('http:') && !isLocal(host))
          yield seen(setting, `${name} is plain http`);
        else if (
          host.endsWith('.fly.dev') &&
          own !== undefined &&
          own !== '' &&
          !isReference(own) &&
          host !== `${own}.fly.dev`
        )
          yield seen(setting, `${name} is a host of another app`);
      }
    }
  },
};

/** Hangar's own configuration. */
export const HANGAR_RULES: readonly Rule[] = [
  sharedSecrets,
  organizations,
  embedded,
  databaseRole,
  publicAddress,
];
