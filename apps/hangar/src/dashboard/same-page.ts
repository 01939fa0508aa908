import { HangarError } from '@hangar/http';
import type { DashboardLogin, LoginsPort } from './ports.ts';
import type { Head } from './whole.ts';

/**
 * Refuses a change that did not come from our own page (docs/specs/promises.md#changes-from-our-own-page). Every sign
 * must agree: where the browser says the request came from, a content type that no form can send, and the token of
 * this login.
 *
 * `Sec-Fetch-Site` and `Origin` are written by the browser. One of them is always there on a POST in browsers of the
 * last ten years, so a request with neither is refused as well.
 */
export function assertFromOurPage(
  head: Head,
  login: DashboardLogin,
  logins: Pick<LoginsPort, 'checkCsrf'>,
  publicOrigin: string,
): void {
  const site = head.headers.get('sec-fetch-site');
  const origin = head.headers.get('origin');
  if (site === null && origin === null) refuse('neither Sec-Fetch-Site nor Origin');
  if (site !== null && site !== 'same-origin') refuse(`Sec-Fetch-Site is ${site}`);
  if (origin !== null && origin !== publicOrigin) refuse('Origin is another');
  if (!isJson(head.headers.get('content-type'))) throw new HangarError('unsupported_media_type');
  logins.checkCsrf(head, login);
}

function refuse(detail: string): never {
  throw new HangarError('csrf_refused', { detail });
}

function isJson(contentType: string | null): boolean {
  return contentType !== null && /^application\/json(?:\s*;\s*charset=utf-8)?\s*$/i.test(contentType);
}
