import { ok, refuse, type Result } from '@hangar/http';

/** A request target that has exactly one reading. */
export interface Target {
  /** Path segments without the slashes, each of `[A-Za-z0-9._~:*-]`, none of them `.` or `..`. */
  readonly segments: readonly string[];
  /** Decoded names and values in the order of the target. */
  readonly query: readonly (readonly [name: string, value: string])[];
}

/** Why a target was not read. */
export interface TargetReason {
  readonly tag:
    | 'root'
    | 'slash_at_end'
    | 'target_too_long'
    | 'target_not_a_path'
    | 'segment_empty'
    | 'segment_dots'
    | 'segment_encoded'
    | 'segment_forbidden'
    | 'query_malformed'
    | 'query_too_many';
}

const TARGET_LENGTH = 4096;
const QUERY_PAIRS = 32;
const QUERY_VALUE_LENGTH = 1024;

const SEGMENT_FORM = /^[A-Za-z0-9._~:*-]+$/;
/**
 * Neither has a meaning in a path, and careful clients escape both: the colon of an IPv6 address, the star of a
 * certificate for all subdomains.
 */
const ESCAPED = /%(?:3a|2a)/gi;
const QUERY_NAME_FORM = /^[A-Za-z0-9._~-]{1,128}$/;
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;
const RAW_QUERY_FORM = /^[A-Za-z0-9._~%+=&:,/@!*'()[\]-]*$/;

/**
 * Reads a raw request target strictly, so that what is checked is what can be sent
 * (docs/specs/gateway.md#request-target). None of the characters a segment may hold ever needs an escape, so a
 * percent sign in a path is only a second spelling of something else, and is refused, but for an escaped colon or star; so
 * are empty segments (`//`), dot segments, backslashes, matrix parameters, fragments and the absolute form. The root
 * and a slash at the end can be read, and are told apart, because nothing is there.
 */
export function parseTarget(rawTarget: string): Result<Target, TargetReason> {
  if (rawTarget.length > TARGET_LENGTH) return refuse({ tag: 'target_too_long' });
  if (!rawTarget.startsWith('/')) return refuse({ tag: 'target_not_a_path' });
  const mark = rawTarget.indexOf('?');
  const path = mark === -1 ? rawTarget : rawTarget.slice(0, mark);
  if (path === '/') return refuse({ tag: 'root' });
  const segments = path.slice(1).replaceAll(ESCAPED, decodeURIComponent).split('/');
  const slashAtEnd = segments.length > 1 && segments.at(-1) === '' && segments.pop() === '';
  for (const segment of segments) {
    if (segment === '') return refuse({ tag: 'segment_empty' });
    if (segment === '.' || segment === '..') return refuse({ tag: 'segment_dots' });
    if (segment.includes('%')) return refuse({ tag: 'segment_encoded' });
    if (!SEGMENT_FORM.test(segment)) return refuse({ tag: 'segment_forbidden' });
  }
  if (slashAtEnd) return refuse({ tag: 'slash_at_end' });
  const query = mark === -1 ? ok([]) : parseQuery(rawTarget.slice(mark + 1));
  return query.ok ? ok({ segments, query: query.value }) : query;
}

function parseQuery(text: string): Result<Target['query'], TargetReason> {
  if (!RAW_QUERY_FORM.test(text)) return refuse({ tag: 'query_malformed' });
  const pairs = text.split('&').filter((pair) => pair !== '');
  if (pairs.length > QUERY_PAIRS) return refuse({ tag: 'query_too_many' });
  const query: [string, string][] = [];
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    const name = decode(equals === -1 ? pair : pair.slice(0, equals));
    const value = decode(equals === -1 ? '' : pair.slice(equals + 1));
    if (name === undefined || value === undefined) return refuse({ tag: 'query_malformed' });
    if (!QUERY_NAME_FORM.test(name)) return refuse({ tag: 'query_malformed' });
    if (value.length > QUERY_VALUE_LENGTH || !PRINTABLE_ASCII.test(value))
      return refuse({ tag: 'query_malformed' });
    query.push([name, value]);
  }
  return ok(query);
}

/** Decodes once, as forms do (`+` is a blank). */
function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

/** The values of a query parameter. */
export function queryValues(query: Target['query'], name: string): readonly string[] {
  return query.filter(([key]) => key === name).map(([, value]) => value);
}

/** Writes a target from parts that were checked; the opposite of {@link parseTarget}. */
export function formatTarget(target: Target): string {
  const path = `/${target.segments.join('/')}`;
  if (target.query.length === 0) return path;
  const query = target.query.map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return `${path}?${query.join('&')}`;
}
