import type { z } from 'zod';
import type { Problem } from '../finding.ts';
import { type FlyReader, LiveFailure } from './fly-reader.ts';
import type { Presented } from './presented.ts';
import {
  ADDRESSES,
  APPS,
  CERTIFICATE,
  CERTIFICATES,
  type LiveMachine,
  type LiveOrganization,
  type LiveVolume,
  MACHINES,
  ORGANIZATION,
  SECRETS,
  VOLUMES,
} from './shapes.ts';

/** What Fly.io says of an organization, at one moment. */
export interface LiveWorld {
  readonly now: Date;
  readonly slug: string;
  readonly presented: Presented;
  /** Undefined where the token may not see it. */
  readonly organization: LiveOrganization | undefined;
  readonly apps: readonly LiveApp[];
  /** Apps that somebody answers for; undefined where no list was given. */
  readonly owned?: ReadonlySet<string> | undefined;
  /** What could not be read. */
  readonly problems: readonly Problem[];
}

export interface LiveApp {
  readonly name: string;
  readonly network: string | undefined;
  readonly addresses: readonly { readonly address: string; readonly type: string }[];
  readonly machines: readonly LiveMachine[];
  readonly volumes: readonly LiveVolume[];
  readonly secrets: readonly { readonly name: string; readonly changedAt: string | undefined }[];
  readonly certificates: readonly {
    readonly hostname: string;
    readonly configured: boolean;
    readonly expiresAt: string | undefined;
  }[];
}

const ABOUT_ORGANIZATION = `query ($slug: String!) {
  organization(slug: $slug) {
    slug
    limitedAccessTokens(first: 1000) { nodes { id name profile createdAt expiresAt revokedAt user { email } } }
    members { edges { node { email } } }
    wireGuardPeers { nodes { id name region } }
  }
}`;
const ABOUT_ADDRESSES = `query ($name: String!) {
  app(name: $name) { sharedIpAddress ipAddresses { nodes { address type } } }
}`;
/** The API takes one request a second for each app and kind. */
const PACE_MS = 1_000;

/** Reads an organization, or one app of it. What cannot be read is a problem, and the rest goes on. */
export async function readLiveWorld(
  reader: FlyReader,
  asked: {
    readonly slug: string;
    readonly presented: Presented;
    readonly app?: string | undefined;
    readonly owned?: ReadonlySet<string> | undefined;
    readonly now: Date;
    readonly pause: (ms: number) => Promise<void>;
  },
): Promise<LiveWorld> {
  const problems: Problem[] = [];
  /** The answer in its shape; undefined, and a problem, for everything else. */
  async function take<T extends z.ZodType>(
    what: string,
    shape: T,
    answer: Promise<unknown>,
  ): Promise<z.infer<T> | undefined> {
    try {
      const parsed = shape.safeParse(await answer);
      if (parsed.success) return parsed.data;
      problems.push({ path: what, reason: 'Fly.io answered in another shape' });
    } catch (error) {
      if (!(error instanceof LiveFailure)) throw error;
      problems.push({ path: what, reason: `Fly.io ${error.message}` });
    }
    return undefined;
  }
  const { slug } = asked;
  const told = await take(`organization ${slug}`, ORGANIZATION, reader.query(ABOUT_ORGANIZATION, { slug }));
  const list = await take(
    `apps of ${slug}`,
    APPS,
    reader.get(`/v1/apps?org_slug=${encodeURIComponent(slug)}`),
  );
  const apps: LiveApp[] = [];
  for (const { name, network } of list?.apps ?? []) {
    if (asked.app !== undefined && asked.app !== name) continue;
    apps.push({ ...(await readApp(name)), network: network ?? undefined });
  }
  if (asked.app !== undefined && apps.length === 0)
    problems.push({ path: `app ${asked.app}`, reason: 'is not in the organization, or cannot be seen' });
  return {
    now: asked.now,
    slug,
    presented: asked.presented,
    owned: asked.owned,
    organization: told?.organization,
    apps,
    problems,
  };

  async function readApp(name: string): Promise<Omit<LiveApp, 'network'>> {
    const base = `/v1/apps/${encodeURIComponent(name)}`;
    const addresses = await take(`addresses of ${name}`, ADDRESSES, reader.query(ABOUT_ADDRESSES, { name }));
    const machines = await take(`machines of ${name}`, MACHINES, reader.get(`${base}/machines`));
    const volumes = await take(`volumes of ${name}`, VOLUMES, reader.get(`${base}/volumes`));
    const secrets = await take(`secrets of ${name}`, SECRETS, reader.get(`${base}/secrets`));
    const hosts = await take(`certificates of ${name}`, CERTIFICATES, reader.get(`${base}/certificates`));
    const certificates = [];
    for (const [index, { hostname, configured }] of (hosts?.certificates ?? []).entries()) {
      if (index > 0) await asked.pause(PACE_MS);
      const detail = await take(
        `certificate of ${hostname}`,
        CERTIFICATE,
        reader.get(`${base}/certificates/${encodeURIComponent(hostname)}`),
      );
      const ends = (detail?.certificates ?? []).flatMap((one) => one.expires_at ?? []);
      certificates.push({ hostname, configured: configured === true, expiresAt: ends.toSorted().at(-1) });
    }
    const shared = addresses?.app.sharedIpAddress;
    return {
      name,
      addresses: [
        ...(addresses?.app.ipAddresses.nodes ?? []),
        ...(shared === null || shared === undefined ? [] : [{ address: shared, type: 'shared_v4' }]),
      ],
      machines: (machines ?? []).filter(({ state }) => state !== 'destroyed' && state !== 'destroying'),
      volumes: volumes ?? [],
      secrets: (secrets?.secrets ?? []).map((one) => ({
        name: one.name,
        changedAt: one.updated_at ?? one.created_at ?? undefined,
      })),
      certificates,
    };
  }
}
