import { gatewayUrl, type TokenOptions } from './input.ts';
import { outgoingFor } from './api.ts';

/** The number of an app, which is what caveats hold; asks the Machines API at the gateway. */
export async function appNumberOf(
  options: TokenOptions,
  token: string,
  name: string,
): Promise<bigint | undefined> {
  const base = gatewayUrl(options);
  const outgoing = outgoingFor(base);
  try {
    const answer = await outgoing.send({
      method: 'GET',
      url: `${base}/v1/apps/${encodeURIComponent(name)}`,
      headers: { authorization: `FlyV1 ${token.replace(/^(?:(?:Bearer|FlyV1) )+/i, '')}` },
    });
    if (answer.status !== 200) return undefined;
    const number = (JSON.parse(answer.text()) as { internal_numeric_id?: unknown }).internal_numeric_id;
    return typeof number === 'number' && Number.isSafeInteger(number) ? BigInt(number) : undefined;
  } finally {
    await outgoing.close();
  }
}
