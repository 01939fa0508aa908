import { pages } from '../rule.ts';
import { INTERNAL_PORTS } from '../rules/fly/exposure.ts';
import { daysUntil, type LiveRule } from './live-rule.ts';
import type { LiveApp } from './live-world.ts';

function publicAddresses({ addresses }: LiveApp) {
  return addresses.filter(({ type }) => !/private|egress/i.test(type));
}

function servicesOf(app: LiveApp) {
  return app.machines.flatMap(({ id, config }) =>
    (config?.services ?? []).map((service) => ({ id, service })),
  );
}

const openPorts: LiveRule = {
  id: 'HA701',
  severity: 'high',
  title: 'A machine offers an internal port to the internet',
  reason:
    'The app has a public address, and a machine of it a service that speaks no HTTP, or listens where data stores do.',
  fix: 'Run `fly ips list -a APP`, then `fly ips release ADDRESS`; inside the organization it is reached at APP.internal, or by `fly ips allocate-v6 --private`.',
  source: pages.private,
  *check({ apps }) {
    for (const app of apps) {
      if (publicAddresses(app).length === 0) continue;
      const told = new Set<number>();
      for (const { service } of servicesOf(app)) {
        const inside = service.internal_port ?? 0;
        const ports = service.ports ?? [];
        const raw =
          ports.some(({ handlers }) => (handlers ?? []).length === 0) &&
          inside !== 53 &&
          service.protocol !== 'udp';
        if (ports.length === 0 || told.has(inside) || (!INTERNAL_PORTS.has(inside) && !raw)) continue;
        told.add(inside);
        const words = INTERNAL_PORTS.get(inside);
        yield {
          where: app.name,
          detail:
            words === undefined
              ? `port ${inside} is offered as raw TCP`
              : `port ${inside} (${words}) is offered`,
          key: String(inside),
        };
      }
    }
  },
};

const idleAddress: LiveRule = {
  id: 'HA702',
  severity: 'medium',
  title: 'An app has a public address and no service behind it',
  reason: 'An address that nobody needs is a door for the next service that is added without a thought.',
  fix: 'Run `fly ips list -a APP`, then `fly ips release ADDRESS`.',
  source: pages.services,
  *check({ apps }) {
    for (const app of apps) {
      const [first] = publicAddresses(app);
      if (first === undefined || servicesOf(app).some(({ service }) => (service.ports ?? []).length > 0))
        continue;
      yield {
        where: app.name,
        detail: `${publicAddresses(app).length} public addresses, and no machine has a service`,
        key: 'idle',
      };
    }
  },
};

/** A certificate is renewed a month before its end. */
const RENEWED_DAYS = 21;

const certificates: LiveRule = {
  id: 'HA707',
  severity: 'high',
  title: 'A certificate is missing, or is about to end',
  reason:
    'Without one, visitors see a warning and learn to click it away; whoever is in between is believed then.',
  fix: 'Run `fly certs check HOST -a APP`: it says which DNS record is missing.',
  source: pages.certificates,
  *check({ apps, now }) {
    for (const app of apps)
      for (const { hostname, configured, expiresAt } of app.certificates) {
        const days = daysUntil(expiresAt, now);
        const detail =
          days === undefined
            ? 'no certificate was issued'
            : days < RENEWED_DAYS
              ? `the certificate ends in ${days} days, and should have been renewed`
              : configured
                ? undefined
                : 'the names do not lead here any more';
        if (detail !== undefined)
          yield {
            where: app.name,
            detail: `${hostname}: ${detail}`,
            fix: `Run \`fly certs check ${hostname} -a ${app.name}\`.`,
            key: hostname,
          };
      }
  },
};

const plainHttp: LiveRule = {
  id: 'HA713',
  severity: 'high',
  title: 'A machine serves plain HTTP to the internet',
  reason: 'What runs answers without encryption, whatever the file in the repository says by now.',
  fix: 'Put `force_https = true` into fly.toml, and run `fly deploy -a APP`.',
  source: pages.services,
  *check({ apps }) {
    for (const app of apps) {
      if (publicAddresses(app).length === 0) continue;
      const open = servicesOf(app)
        .flatMap(({ service }) => service.ports ?? [])
        .find(({ handlers, force_https: forced }) => {
          const spoken = handlers ?? [];
          return spoken.includes('http') && !spoken.includes('tls') && forced !== true;
        });
      if (open !== undefined)
        yield {
          where: app.name,
          detail: `port ${open.port ?? '?'} answers without encryption`,
          key: String(open.port),
        };
    }
  },
};

const ENVIRONMENTS = /(?:^|-)(prod|production|staging|stage|dev|development|test|preview|qa)(?:-|$)/;

const sharedNetwork: LiveRule = {
  id: 'HA709',
  severity: 'medium',
  title: 'Apps of different environments share a network',
  reason:
    'On one network every app reaches every other: what breaks into staging stands before the database of production.',
  fix: 'Create the app again in a network of its own: `fly apps create NAME --network staging`.',
  source: pages.private,
  *check({ apps }) {
    const environments = new Map<string, Set<string>>();
    for (const { name, network } of apps) {
      const word = ENVIRONMENTS.exec(name)?.[1]?.slice(0, 4);
      if (word === undefined) continue;
      const key = network ?? 'default';
      environments.set(key, (environments.get(key) ?? new Set()).add(word === 'stag' ? 'staging' : word));
    }
    for (const [network, words] of environments)
      if (words.size > 1)
        yield { detail: `the network ${network} has apps of ${words.size} environments`, key: network };
  },
};

/** What of an organization can be reached. */
export const LIVE_EXPOSURE_RULES: readonly LiveRule[] = [
  openPorts,
  idleAddress,
  certificates,
  sharedNetwork,
  plainHttp,
];
