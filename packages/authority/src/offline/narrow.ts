import {
  Action,
  attenuate,
  encodeToken,
  LIMITS,
  parseBundle,
  parseMask,
  privateCaveat,
  type Bundle,
  type Caveat,
  type Command,
  type HeaderReason,
  type Macaroon,
} from '@hangar/macaroon';
import { ok, refuse, type Result } from '@hangar/http';
import { sourceCaveat } from '../caveats/source.ts';
import { CLOCK_LEEWAY_SECONDS } from './lifetime.ts';

/** A narrowing in everyday words; every field given adds a caveat. */
export interface Narrowing {
  /** Apps by number, all with the same actions. */
  readonly apps?: readonly bigint[] | undefined;
  /** Letters of `rwcdC`; they apply to the apps, machines and features given, else to everything. Default: all. */
  readonly actions?: string | undefined;
  readonly machines?: readonly string[] | undefined;
  /** Features of the organization, such as `wg`. */
  readonly features?: readonly string[] | undefined;
  readonly validForSeconds?: number | undefined;
  /** Only these commands, and reading. */
  readonly commands?: readonly Command[] | undefined;
  /** Networks the token may be used from. */
  readonly source?: readonly string[] | undefined;
  /** Usable only through Flycast from this app's machines. */
  readonly fromApp?: string | undefined;
}

/** Why a narrowing was not understood. */
export type NarrowingReason =
  | { readonly tag: 'no_app'; readonly app: bigint }
  | { readonly tag: 'unknown_action'; readonly letter: string }
  | { readonly tag: 'empty' };

/** The caveats of a narrowing, in the order in which they read best. */
export function narrowingCaveats(
  narrowing: Narrowing,
  now: Date,
): Result<readonly Caveat[], NarrowingReason> {
  const { apps, machines, features } = narrowing;
  const mask = parseMask(narrowing.actions ?? 'rwcdC');
  if (!mask.ok) return refuse({ tag: 'unknown_action', letter: mask.reason.letter });
  // 0 is the wildcard and would widen the list to every app.
  const wildcard = apps?.find((app) => app <= 0n);
  if (wildcard !== undefined) return refuse({ tag: 'no_app', app: wildcard });
  const masked = <Key>(keys: readonly Key[]) => new Map(keys.map((key) => [key, mask.value] as const));
  const featureSet: Caveat | undefined = features && { type: 'FeatureSet', features: masked(features) };
  // A request is about an app or about a feature, never both, so each must pass the limits of the other kind.
  const beside = (caveat: Caveat): Caveat =>
    featureSet === undefined ? caveat : { type: 'IfPresent', ifs: [caveat, featureSet], else: 0 };
  const caveats: Caveat[] = [];
  if (apps !== undefined) caveats.push(beside({ type: 'Apps', apps: masked(apps) }));
  if (machines !== undefined) caveats.push(beside({ type: 'Machines', machines: masked(machines) }));
  if (caveats.length === 0 && featureSet !== undefined) caveats.push(featureSet);
  if (caveats.length === 0 && narrowing.actions !== undefined)
    caveats.push({ type: 'Action', mask: mask.value });
  if (narrowing.commands !== undefined) {
    const only: Caveat = { type: 'Commands', commands: narrowing.commands };
    caveats.push({ type: 'IfPresent', ifs: [only], else: Action.read });
  }
  if (narrowing.source !== undefined) caveats.push(privateCaveat(sourceCaveat, { cidrs: narrowing.source }));
  if (narrowing.fromApp !== undefined) {
    caveats.push({ type: 'FlySrc', organization: '', app: narrowing.fromApp, instance: '' });
  }
  if (narrowing.validForSeconds !== undefined) {
    const start = Math.floor(now.getTime() / 1000);
    const notBefore = start - CLOCK_LEEWAY_SECONDS;
    caveats.push({ type: 'ValidityWindow', notBefore, notAfter: start + narrowing.validForSeconds });
  }
  return caveats.length === 0 ? refuse({ tag: 'empty' }) : ok(caveats);
}

/**
 * Adds caveats to every permission token of a text, offline. The answer has the discharges first and the permission
 * tokens behind them, without a scheme: whoever finds the end of it in a log has found what can be revoked. Refused is
 * what would be too large to be sent. Throws `MacaroonError` for caveats that cannot be added.
 *
 * @example
 * const copy = narrowTokens(text, [{ type: 'Action', mask: Action.read }], LOCATIONS.permission);
 */
export function narrowTokens(
  text: string,
  caveats: readonly Caveat[],
  permissionLocation: string,
): Result<string, HeaderReason> {
  const bundle = permissionTokensOf(text, permissionLocation);
  return bundle.ok ? narrowBundle(bundle.value, caveats) : bundle;
}

/** The same with a text that was read already. */
export function narrowBundle(
  { permission, discharges }: Bundle,
  caveats: readonly Caveat[],
): Result<string, Extract<HeaderReason, { tag: 'too_large' }>> {
  const texts = discharges.map(encodeToken);
  let left = LIMITS.headerLength - texts.join(',').length;
  // Counted on the way: caveats of some kilobytes times hundreds of tokens would be many megabytes.
  for (const token of permission) {
    const narrowed = encodeToken(attenuate(token, caveats));
    left -= narrowed.length + 1;
    if (left < 0) return refuse({ tag: 'too_large' });
    texts.push(narrowed);
  }
  return ok(texts.join(','));
}

/** Changes every permission token of a text and leaves the discharges as they are, in the order of {@link narrowTokens}. */
export async function mapPermissionTokens(
  text: string,
  permissionLocation: string,
  change: (token: Macaroon) => Promise<Macaroon>,
): Promise<Result<string, HeaderReason>> {
  const bundle = permissionTokensOf(text, permissionLocation);
  if (!bundle.ok) return bundle;
  const { permission, discharges } = bundle.value;
  const changed = await Promise.all(permission.map(change));
  const list = [...discharges, ...changed].map(encodeToken).join(',');
  return list.length > LIMITS.headerLength ? refuse({ tag: 'too_large' }) : ok(list);
}

function permissionTokensOf(text: string, permissionLocation: string): Result<Bundle, HeaderReason> {
  const bundle = parseBundle(text, permissionLocation);
  return bundle.ok && bundle.value.permission.length === 0 ? refuse({ tag: 'no_macaroon' }) : bundle;
}
