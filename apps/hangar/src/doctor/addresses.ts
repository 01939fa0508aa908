import type { Outgoing } from '@hangar/security/outgoing';
import type { Config } from '../config.ts';
import { type Finding, look } from './finding.ts';

/** Fly.io refuses a signed request whose time is further away than this. */
const CLOCK_BOUND_MS = 60_000;

/** Asks the two public addresses from outside, as the world does, and compares clocks with Fly.io. */
export async function examineAddresses(
  { publicUrl, gatewayUrl }: Pick<Config, 'publicUrl' | 'gatewayUrl'>,
  {
    outgoing,
    flyUrl,
    nowMs,
  }: { readonly outgoing: Outgoing; readonly flyUrl: string; readonly nowMs: () => number },
): Promise<readonly Finding[]> {
  return await Promise.all([
    look('HANGAR_PUBLIC_URL', async () => {
      const { status, text } = await ask(outgoing, `${publicUrl}/healthz`);
      return status === 200 && text.includes('"ok"')
        ? fine('HANGAR_PUBLIC_URL', `${publicUrl} is a Hangar`)
        : wrong('HANGAR_PUBLIC_URL', `${publicUrl}/healthz answered ${status}`, 'Lead that address to PORT.');
    }),
    look('HANGAR_GATEWAY_URL', async () => {
      const { status, text } = await ask(outgoing, `${gatewayUrl}/v1/apps`);
      return status === 401 && text.includes('request_id')
        ? fine('HANGAR_GATEWAY_URL', `${gatewayUrl} is a gateway, and asks for a token`)
        : wrong(
            'HANGAR_GATEWAY_URL',
            `${gatewayUrl}/v1/apps answered ${status}`,
            'Lead that address to HANGAR_GATEWAY_PORT.',
          );
    }),
    examineClock({ outgoing, flyUrl, nowMs }),
  ]);
}

/** Compares our clock with Fly.io's. */
export async function examineClock({
  outgoing,
  flyUrl,
  nowMs,
}: {
  readonly outgoing: Outgoing;
  readonly flyUrl: string;
  readonly nowMs: () => number;
}): Promise<Finding> {
  return await look('clock', async () => {
    const asked = nowMs();
    const { date } = await ask(outgoing, `${flyUrl}/`);
    const theirs = Date.parse(date ?? '');
    if (Number.isNaN(theirs))
      return { about: 'clock', verdict: 'unknown', says: 'Fly.io did not say what time it is' };
    const ahead = Math.round((asked + nowMs()) / 2 - theirs);
    return Math.abs(ahead) <= CLOCK_BOUND_MS
      ? fine('clock', 'within a minute of Fly.io')
      : wrong(
          'clock',
          `differs by ${Math.round(ahead / 1000)} s from Fly.io`,
          'Set it by NTP: signed requests are refused.',
        );
  });
}

async function ask(outgoing: Outgoing, url: string) {
  const answer = await outgoing.send({ method: 'GET', url });
  return { status: answer.status, text: answer.text(), date: answer.headers.get('date') };
}

function fine(about: string, says: string): Finding {
  return { about, verdict: 'fine', says };
}

function wrong(about: string, says: string, remedy: string): Finding {
  return { about, verdict: 'wrong', says, remedy };
}
