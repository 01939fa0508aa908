import { createHash } from 'node:crypto';
import type { Simulation } from '../../simulation.ts';
import type { App, Certificate } from '../../world/platform.ts';
import { addressesOf } from '../apps/addresses.ts';
import type { JsonObject } from '../../world/json.ts';

/** A certificate of the simulated authority lives as long as those that Fly.io gets. */
const LIFETIME_MS = 90 * 86_400_000;
const AUTHORITY = 'Simulated Authority';

const time = (ms: number): string => new Date(ms).toISOString();

/** Where a host stands: nothing is issued before its names lead here; one that the customer brought is good at once. */
function statusOf(one: Certificate): string {
  if (one.custom || one.dnsReadyAtMs !== undefined) return 'active';
  return 'pending_ownership';
}

/** A host with everything about it; `records` when the names of the internet were looked up for it. */
export function certificateWire(
  simulation: Simulation,
  app: App,
  one: Certificate,
  records = false,
): JsonObject {
  const ready = one.dnsReadyAtMs !== undefined;
  const ips = addressesOf(simulation, app);
  const a = ips.filter((ip) => ip.type === 'v4' || ip.type === 'shared_v4').map((ip) => ip.ip);
  const aaaa = ips.filter((ip) => ip.type === 'v6').map((ip) => ip.ip);
  const host = one.hostname.replace(/^\*\./, '');
  const challenge = `${host}.${challengeOf(one)}.flydns.net`;
  const ownership = `app-${challengeOf(one)}`;
  return {
    hostname: one.hostname,
    configured: ready,
    acme_requested: one.acme,
    status: statusOf(one),
    dns_provider: ready ? 'simulated' : '',
    certificates: [
      ...(one.acme
        ? [
            {
              source: 'fly',
              status: ready ? 'active' : 'pending_ownership',
              issuer: AUTHORITY,
              created_at: one.dnsReadyAtMs === undefined ? undefined : time(one.dnsReadyAtMs),
              expires_at: one.dnsReadyAtMs === undefined ? undefined : time(one.dnsReadyAtMs + LIFETIME_MS),
              issued: issuedOf(one),
            },
          ]
        : []),
      ...(one.custom
        ? [
            {
              source: 'custom',
              status: 'active',
              issuer: one.custom.issuer,
              created_at: time(one.createdAtMs),
              expires_at: time(one.custom.expiresAtMs),
              issued: [],
            },
          ]
        : []),
    ],
    validation: {
      dns_configured: ready,
      alpn_configured: ready,
      http_configured: ready,
      ownership_txt_configured: ready,
    },
    dns_requirements: {
      a,
      aaaa,
      cname: `${app.name}.fly.dev`,
      acme_challenge: { name: `_acme-challenge.${host}`, target: challenge },
      ownership: {
        name: `_fly-ownership.${host}`,
        app_value: ownership,
        org_value: `org-${challengeOf(one)}`,
      },
    },
    validation_errors: ready
      ? []
      : [
          {
            code: 'dns_not_configured',
            message: `${one.hostname} does not lead to this app`,
            remediation: 'The control surface says when it does.',
            timestamp: time(simulation.clock.nowMs()),
          },
        ],
    ...(records
      ? {
          dns_records: {
            a: ready ? a : [],
            aaaa: ready ? aaaa : [],
            cname: ready ? [`${app.name}.fly.dev`] : [],
            resolved_addresses: ready ? [...a, ...aaaa] : [],
            soa: '',
            acme_challenge_cname: ready ? challenge : '',
            ownership_txt: ready ? ownership : '',
          },
        }
      : {}),
  };
}

/** A host in a list: flat. */
export function certificateSummary(one: Certificate): JsonObject {
  const ready = one.dnsReadyAtMs !== undefined;
  return {
    hostname: one.hostname,
    configured: ready,
    acme_requested: one.acme,
    status: statusOf(one),
    dns_provider: ready ? 'simulated' : '',
    acme_dns_configured: ready,
    acme_http_configured: ready,
    acme_alpn_configured: ready,
    ownership_txt_configured: ready,
    has_fly_certificate: one.acme && ready,
    has_custom_certificate: one.custom !== undefined,
    created_at: time(one.createdAtMs),
    updated_at: time(one.updatedAtMs),
  };
}

function issuedOf({ dnsReadyAtMs }: Certificate): JsonObject[] {
  if (dnsReadyAtMs === undefined) return [];
  return ['rsa', 'ecdsa'].map((type) => ({
    type,
    expires_at: time(dnsReadyAtMs + LIFETIME_MS),
    certificate_authority: AUTHORITY,
  }));
}

function challengeOf({ app, hostname }: Certificate): string {
  return createHash('sha256').update(`${app} ${hostname}`).digest('hex').slice(0, 12);
}
