import { HangarError } from '@hangar/http';
import { isObject } from '../rules/json.ts';
import { codeFor, parseJson, type UpstreamReply } from '../upstream/send.ts';

/**
 * A refusal of upstream on its way to the caller: upstream's members as they are, and beside them our `code` and
 * `request_id` (docs/specs/gateway.md#refusals-of-flyio). What is not JSON is told in our own words, so that no page
 * of a proxy in between is taken for the answer of the API.
 */
export async function forwardedRefusal(
  answer: UpstreamReply,
  headers: Headers,
  requestId: string,
): Promise<Response> {
  const { status } = answer;
  const json = parseJson(await answer.bytes());
  const told = isObject(json) && typeof json['error'] === 'string' ? json : undefined;
  const code = told?.['status'] === 'name_taken' ? 'name_taken' : codeFor(status);
  const { sentence, retryAfterSeconds } = new HangarError(code);
  const body = { error: `${sentence} (Fly.io answered ${status})`, ...told, code, request_id: requestId };
  headers.set('content-type', 'application/json; charset=utf-8');
  if (!headers.has('retry-after') && retryAfterSeconds !== undefined)
    headers.set('retry-after', String(retryAfterSeconds));
  return new Response(JSON.stringify(body), { status, headers });
}
