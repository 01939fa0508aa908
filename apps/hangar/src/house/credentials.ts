import { randomBytes } from 'node:crypto';
import type { MachinesClient, OAuthClient } from '@hangar/flyio';
import type { TigrisClient } from '@hangar/flyio/tigris';
import { HangarError, inWords, type Log } from '@hangar/http';
import type { VariableName } from '../config/variables.ts';
import type { Metrics } from '../http/metrics.ts';

/** What came of trying one credential. `unknown`: nobody answered, which says nothing about it. */
export interface Tried {
  readonly variable: VariableName;
  readonly verdict: 'accepted' | 'refused' | 'unknown';
  readonly detail?: string;
}

/** The clients that carry the operator's credentials. */
export interface CredentialClients {
  readonly machines: Pick<MachinesClient, 'listApps'>;
  readonly tigris: Pick<TigrisClient, 'listBuckets'>;
  readonly oauth: Pick<OAuthClient, 'exchange'>;
  readonly organization: string;
}

/**
 * Tries each credential once, by a question that changes nothing. The secrets of provisioning and webhooks are not among
 * them: only a message of or to Fly.io tells whether they are right.
 */
export async function tryCredentials(clients: CredentialClients): Promise<readonly Tried[]> {
  return await Promise.all([tryFlyToken(clients), tryTigrisKey(clients), tryOAuthClient(clients)]);
}

/** Tries them, and says which are refused: in the log, and in the metric `hangar_credential_refused`. */
export async function reportCredentials(
  clients: CredentialClients,
  { log, metrics }: { readonly log: Log; readonly metrics: Metrics },
): Promise<void> {
  reportTried(await tryCredentials(clients), { log, metrics });
}

/** Says which were refused. */
export function reportTried(
  tried: readonly Tried[],
  { log, metrics }: { readonly log: Log; readonly metrics: Metrics },
): void {
  for (const { variable, verdict, detail } of tried) {
    metrics.credential(variable, verdict === 'refused');
    if (verdict === 'refused')
      log.warn({ variable, detail }, 'a credential is refused; nothing that needs it works');
  }
  const accepted = tried.filter(({ verdict }) => verdict === 'accepted').map(({ variable }) => variable);
  log.info({ accepted }, 'credentials were tried');
}

async function tryFlyToken({ machines, organization }: CredentialClients): Promise<Tried> {
  const variable = 'FLY_API_TOKEN';
  try {
    const listed = await machines.listApps(organization);
    if (listed.ok) return { variable, verdict: 'accepted' };
    if (listed.reason.tag !== 'refused') return { variable, verdict: 'unknown', detail: listed.reason.tag };
    const { status } = listed.reason;
    if (status === 404)
      return { variable: 'HANGAR_FLY_ORG', verdict: 'refused', detail: 'no such organization' };
    return {
      variable,
      verdict: status === 401 || status === 403 ? 'refused' : 'unknown',
      detail: `the Machines API answered ${status}`,
    };
  } catch (error) {
    return { variable, verdict: 'unknown', detail: inWords(error) };
  }
}

/** Tries the key of the Tigris administrator. */
export async function tryTigrisKey({ tigris }: Pick<CredentialClients, 'tigris'>): Promise<Tried> {
  try {
    await tigris.listBuckets();
    return { variable: 'FLY_TIGRIS_SECRET_ACCESS_KEY', verdict: 'accepted' };
  } catch (error) {
    const cause: unknown = error instanceof HangarError ? error.cause : error;
    const name = cause instanceof Error ? cause.name : '';
    const detail = `Tigris answered ${name}`;
    if (name === 'InvalidAccessKeyId')
      return { variable: 'FLY_TIGRIS_ACCESS_KEY_ID', verdict: 'refused', detail };
    const isRefused = name === 'SignatureDoesNotMatch' || name === 'AccessDenied';
    return { variable: 'FLY_TIGRIS_SECRET_ACCESS_KEY', verdict: isRefused ? 'refused' : 'unknown', detail };
  }
}

/** A code that nobody was given: the client is judged before it. */
async function tryOAuthClient({ oauth }: CredentialClients): Promise<Tried> {
  const variable = 'HANGAR_OAUTH_CLIENT_SECRET';
  const [state, codeVerifier] = [randomBytes(32).toString('hex'), randomBytes(32).toString('hex')];
  try {
    const answer = await oauth.exchange(new URLSearchParams({ code: 'credential-check', state }), {
      state,
      codeVerifier,
    });
    if (answer.ok || answer.reason.tag !== 'token_refused')
      return {
        variable,
        verdict: 'unknown',
        detail: answer.ok ? 'a code of nobody was taken' : answer.reason.tag,
      };
    const { error } = answer.reason;
    const isRefused = error === 'invalid_client' || error === 'unauthorized_client';
    return { variable, verdict: isRefused ? 'refused' : 'accepted', detail: error };
  } catch (error) {
    return { variable, verdict: 'unknown', detail: inWords(error) };
  }
}
