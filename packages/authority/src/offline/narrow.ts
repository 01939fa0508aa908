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

/** A narrowing in everyday words; every field given adds a caveat. */
export interface Narrowing {
  /** Apps by name or by number, all with the same actions. */
  readonly apps?: readonly (string | bigint)[];
  /** Letters of `rwcdC`; with `apps` they apply to those apps, else to everything. Default: all. */
  readonly actions?: string;
  readonly machines?: readonly string[];
  readonly validForSeconds?: number;
  /** Only these commands, and reading. */
  readonly commands?: readonly Command[];
  /** Networks the token may be used from. */
  readonly source?: readonly string[];
  /** Usable only through Flycast from this app's machines. */
  readonly fromApp?: string;
}

/** Why a narrowing was not understood. */
export type NarrowingReason =
  | { readonly tag: 'unknown_app'; readonly app: string }
  | { readonly tag: 'unknown_action'; readonly letter: string }
  | { readonly tag: 'empty' };

/**
 * The caveats of a narrowing. Names of apps become numbers by `appNumber`, the only question that needs
 * a server; give numbers and it is never asked.
 */
export async function narrowingCaveats(
  narrowing: Narrowing,
  deps: { appNumber: (name: string) => Promise<bigint | undefined>; now: Date },
): Promise<Result<readonly Caveat[], NarrowingReason>> {
  const mask = parseMask(narrowing.actions ?? 'rwcdC');
  if (!mask.ok) return refuse({ tag: 'unknown_action', letter: mask.reason.letter });
  const caveats: Caveat[] = [];
  if (narrowing.apps !== undefined) {
    const apps = new Map<bigint, number>();
    for (const app of narrowing.apps) {
      const number = typeof app === 'bigint' ? app : await deps.appNumber(app);
      // 0 is the wildcard and would widen the list to every app.
      if (number === undefined || number === 0n) return refuse({ tag: 'unknown_app', app: String(app) });
      apps.set(number, mask.value);
    }
    caveats.push({ type: 'Apps', apps });
  } else if (narrowing.actions !== undefined) {
    caveats.push({ type: 'Action', mask: mask.value });
  }
  if (narrowing.machines !== undefined) {
    caveats.push({ type: 'Machines', machines: new Map(narrowing.machines.map((id) => [id, mask.value])) });
  }
  if (narrowing.commands !== undefined) {
    const only: Caveat = { type: 'Commands', commands: narrowing.commands };
    caveats.push({ type: 'IfPresent', ifs: [only], else: Action.read });
  }
  if (narrowing.source !== undefined) caveats.push(privateCaveat(sourceCaveat, { cidrs: narrowing.source }));
  if (narrowing.fromApp !== undefined) {
    caveats.push({ type: 'FlySrc', organization: '', app: narrowing.fromApp, instance: '' });
  }
  if (narrowing.validForSeconds !== undefined) {
    const start = Math.floor(deps.now.getTime() / 1000);
    caveats.push({ type: 'ValidityWindow', notBefore: start, notAfter: start + narrowing.validForSeconds });
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
  if (!bundle.ok) return bundle;
  const texts = bundle.value.discharges.map(encodeToken);
  let left = LIMITS.headerLength - texts.join(',').length;
  // Counted on the way: caveats of some kilobytes times hundreds of tokens would be many megabytes.
  for (const token of bundle.value.permission) {
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
