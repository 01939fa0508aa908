import { ok, refuse, type Result } from '@hangar/security';

/** Behind a third party's location, where tickets are posted (macaroons spec 17). */
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
  /** Exact origins that may be plain http: a simulator on loopback. */
  readonly plainHttpOrigins?: readonly string[];
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
  const url = readUrl(text, dischargeEndpoint(location), places);
  if (!url.ok) return url;
  const own = new URL(location).origin;
  if (url.value.origin === own || (places.otherOrigins ?? []).includes(url.value.origin)) return url;
  return refuse({ tag: 'bad_url', detail: `${url.value.origin} is not the third party's origin` });
}

function readUrl(text: string, base: string | undefined, places: AllowedPlaces): Result<URL, PlaceReason> {
  if (!URL.canParse(text, base)) return refuse({ tag: 'bad_url', detail: 'not an address' });
  const url = new URL(text, base);
  const plain = url.protocol === 'http:' && (places.plainHttpOrigins ?? []).includes(url.origin);
  if (url.protocol !== 'https:' && !plain)
    return refuse({ tag: 'bad_url', detail: `${url.protocol} is not used` });
  if (url.username !== '' || url.password !== '')
    return refuse({ tag: 'bad_url', detail: 'credentials in an address' });
  return ok(url);
}
