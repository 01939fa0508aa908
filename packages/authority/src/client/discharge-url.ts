import { ok, refuse, type Result } from '@hangar/http';

/** Behind a third party's location, where tickets are posted (docs/specs/token-format.md#discharge-protocol). */
export const DISCHARGE_PATH = '.well-known/macfly/3p';

/** The address that tickets of a location are posted to. */
export function dischargeEndpoint(location: string): string {
  return `${location.endsWith('/') ? location : `${location}/`}${DISCHARGE_PATH}`;
}

/** Which addresses the client may go to. Locations come from the token, so they are not trusted. */
export interface AllowedPlaces {
  /** Exact locations; a token that names another one is not helped. */
  readonly locations: readonly string[];
  /** Exact origins, beside the location's own, that `poll_url` and `user_url` may have. */
  readonly otherOrigins?: readonly string[];
  /** Exact origins that may be plain http: a service of one's own on loopback. */
  readonly plainHttpOrigins?: readonly string[];
  readonly originsServedBySimulator?: OriginsServedBySimulator;
}

/**
 * Real origin (`https://api.fly.io`) to that of a simulator which answers for it. Tokens, allow-lists and credentials name
 * the real one; only the bytes, and the person with a browser, go to the other. Absent outside simulator mode.
 */
export type OriginsServedBySimulator = ReadonlyMap<string, string>;

/** Where the bytes for an address go. */
export function addressOnTheWire(url: URL, simulated: OriginsServedBySimulator | undefined): URL {
  const origin = simulated?.get(url.origin);
  return origin === undefined ? url : new URL(url.pathname + url.search, origin);
}

/** An address that a simulator gave for itself, under the real origin that it answers for. */
export function addressInReality(
  url: URL,
  realOrigin: string,
  simulated: OriginsServedBySimulator | undefined,
): URL {
  return url.origin === simulated?.get(realOrigin) ? new URL(url.pathname + url.search, realOrigin) : url;
}

/** Why an address was not used. */
export type PlaceReason =
  | { readonly tag: 'location_not_allowed' }
  | { readonly tag: 'bad_url'; readonly detail: string };

/** The endpoint of a location, when the client may use it. */
export function endpointOf(location: string, places: AllowedPlaces): Result<URL, PlaceReason> {
  if (!places.locations.includes(location)) return refuse({ tag: 'location_not_allowed' });
  return readUrl(dischargeEndpoint(location), undefined, places);
}

/** An address from a third party's answer: relative to its location, and of its origin or a listed one. */
export function answeredUrl(text: string, location: string, places: AllowedPlaces): Result<URL, PlaceReason> {
  const own = new URL(location).origin;
  const url = readUrl(text, dischargeEndpoint(location), places, own);
  if (!url.ok) return url;
  if (url.value.origin === own || (places.otherOrigins ?? []).includes(url.value.origin)) return url;
  return refuse({ tag: 'bad_url', detail: `${url.value.origin} is not the third party's origin` });
}

function readUrl(
  text: string,
  base: string | undefined,
  places: AllowedPlaces,
  realOrigin = '',
): Result<URL, PlaceReason> {
  if (!URL.canParse(text, base)) return refuse({ tag: 'bad_url', detail: 'not an address' });
  const url = addressInReality(new URL(text, base), realOrigin, places.originsServedBySimulator);
  const plain = url.protocol === 'http:' && (places.plainHttpOrigins ?? []).includes(url.origin);
  if (url.protocol !== 'https:' && !plain)
    return refuse({ tag: 'bad_url', detail: `${url.protocol} is not used` });
  if (url.username !== '' || url.password !== '')
    return refuse({ tag: 'bad_url', detail: 'credentials in an address' });
  return ok(url);
}
