import type { Settings } from '../options.ts';

/** Where the four doors of a simulator are. */
export interface Addresses {
  readonly api: string;
  readonly machines: string;
  readonly s3: string;
  readonly iam: string;
}

/**
 * The variables with which unmodified clients come here and nowhere else. flyctl has three addresses, and sends its tokens to each
 * that is left out at the real Fly.io; the quiet ones keep it from asking the network about itself.
 */
export function environmentOf({ api, machines, s3, iam }: Addresses, settings: Settings): string {
  const [token] = settings.tokens;
  const { accessKeyId, secretAccessKey } = settings.storageAdmin;
  const variables = {
    FLY_FLAPS_BASE_URL: machines,
    FLY_API_BASE_URL: api,
    FLY_UIEX_BASE_URL: api,
    ...(token ? { FLY_ACCESS_TOKEN: token.token.reveal(), FLY_API_TOKEN: token.token.reveal() } : {}),
    FLY_ORG: settings.organization,
    FLY_NO_UPDATE_CHECK: '1',
    FLY_NO_INCIDENTS_CHECK: '1',
    FLY_SEND_METRICS: '0',
    FLY_SYNTHETICS_AGENT: '0',
    AWS_ENDPOINT_URL_S3: s3,
    AWS_ENDPOINT_URL_IAM: iam,
    AWS_REGION: 'auto',
    // The name that boto3 reads.
    AWS_DEFAULT_REGION: 'auto',
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey.reveal(),
  };
  return Object.entries(variables)
    .map(([name, value]) => `${name}=${quoted(value)}\n`)
    .join('');
}

/** What a shell, Docker and Node's --env-file read alike needs no quotes; anything else is put where a shell takes it as it is. */
function quoted(value: string): string {
  return /^[\w.:/+=,@-]*$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}
