/**
 * The addresses of Fly.io and Tigris, or of the simulator standing in for them. Origins have no trailing
 * slash.
 */
export interface FlyUrls {
  /** `https://api.fly.io`: OAuth, webhooks from providers, GraphQL. */
  readonly api: string;
  /** The Machines API; paths begin with `/v1`. */
  readonly machines: string;
  /** Tigris, S3 protocol. */
  readonly s3: string;
  /** Tigris, IAM protocol. */
  readonly iam: string;
  /** Where the provider called `slug` sends its webhooks (docs/specs/extensions.md#webhooks). */
  webhooks(slug: string): string;
  readonly authorize: string;
  readonly token: string;
  readonly tokenInfo: string;
  /**
   * Real origin to the simulator's that answers for it; empty for the real Fly.io. Tokens name Fly.io's third parties by
   * their real locations whoever made them, so a client that follows one needs to know where it is played.
   */
  readonly originsServedBySimulator: ReadonlyMap<string, string>;
}

const REAL_API = 'https://api.fly.io';
/** Only third parties live here; the simulator plays them on its first door. */
const REAL_AUTH = 'https://auth.fly.io';

/** What {@link flyUrls} is to name. */
export type FlyUrlsOf =
  | 'real'
  | {
      /** First of the simulator's four ports: api, then Machines API, S3, IAM. */
      readonly simulatorPort: number;
    };

/** The addresses of the real Fly.io, or of a simulator on this machine. */
export function flyUrls(which: FlyUrlsOf): FlyUrls {
  if (which === 'real') {
    return withPaths(REAL_API, {
      machines: 'https://api.machines.dev',
      s3: 'https://fly.storage.tigris.dev',
      iam: 'https://fly.iam.storage.tigris.dev',
      originsServedBySimulator: new Map(),
    });
  }
  const at = (offset: number): string => `http://127.0.0.1:${which.simulatorPort + offset}`;
  return withPaths(at(0), {
    machines: at(1),
    s3: at(2),
    iam: at(3),
    originsServedBySimulator: new Map([REAL_API, REAL_AUTH].map((origin) => [origin, at(0)])),
  });
}

function withPaths(
  api: string,
  others: Pick<FlyUrls, 'machines' | 's3' | 'iam' | 'originsServedBySimulator'>,
): FlyUrls {
  return {
    api,
    ...others,
    webhooks: (slug) => `${api}/api/hooks/extensions/${encodeURIComponent(slug)}`,
    authorize: `${api}/oauth/authorize`,
    token: `${api}/oauth/token`,
    tokenInfo: `${api}/oauth/token/info`,
  };
}
