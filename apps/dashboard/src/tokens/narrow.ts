import {
  attenuate,
  encodeToken,
  MacaroonError,
  type ActionMask,
  type Caveat,
  type Result,
} from '@hangar/macaroon';
import type { Pasted } from './paste.ts';
import { ACTIONS } from './powers.ts';

/** What a person chose to leave of a token. Empty lists mean: no limit of this kind. */
export interface Narrowing {
  /** Numbers of apps, as digits. */
  readonly apps: readonly string[];
  /** Letters of `rwcdC`. All five mean no limit. */
  readonly actions: readonly string[];
  readonly machines: readonly string[];
  /** Features of the organization, such as `wg`. */
  readonly features: readonly string[];
  /** Undefined: as long as before. */
  readonly lifetimeSeconds: number | undefined;
}

/** Clocks of browser and server differ a little; the narrowed token must not begin in the server's future. */
const LEEWAY_SECONDS = 30;

/** The caveats of a narrowing, in the order in which they read best. Throws RangeError for what is no number of an app. */
export function caveatsOf(narrowing: Narrowing, now: Date): readonly Caveat[] {
  const { apps, machines, features, lifetimeSeconds } = narrowing;
  const mask = maskOf(narrowing.actions);
  const caveats: Caveat[] = [];
  const featureSet: Caveat | undefined =
    features.length === 0 ? undefined : { type: 'FeatureSet', features: masks(features, mask) };
  // A request is about an app or about a feature, never both, so each must pass the limits of the other kind.
  const beside = (caveat: Caveat): Caveat =>
    featureSet === undefined ? caveat : { type: 'IfPresent', ifs: [caveat, featureSet], else: 0 };
  if (apps.length > 0) caveats.push(beside({ type: 'Apps', apps: masks(apps.map(numberOf), mask) }));
  if (machines.length > 0) caveats.push(beside({ type: 'Machines', machines: masks(machines, mask) }));
  if (featureSet !== undefined && caveats.length === 0) caveats.push(featureSet);
  if (caveats.length === 0 && narrowing.actions.length < ACTIONS.length)
    caveats.push({ type: 'Action', mask });
  if (lifetimeSeconds !== undefined) {
    const start = Math.floor(now.getTime() / 1000);
    caveats.push({
      type: 'ValidityWindow',
      notBefore: start - LEEWAY_SECONDS,
      notAfter: start + lifetimeSeconds,
    });
  }
  return caveats;
}

/** The narrowed text: the discharges that came with it, and every permission token with the caveats added, last. */
export function narrow(pasted: Pasted, caveats: readonly Caveat[]): Result<string, string> {
  try {
    const narrowed = pasted.tokens.map((token) => attenuate(token, caveats));
    const rest = pasted.permits ? pasted.bundle.discharges : [];
    return { ok: true, value: [...rest, ...narrowed].map(encodeToken).join(',') };
  } catch (error) {
    if (!(error instanceof MacaroonError)) throw error;
    return {
      ok: false,
      reason:
        error.code === 'finalized'
          ? 'This is a signed statement: it is final and cannot be narrowed.'
          : `This token cannot take these limits: ${error.message}.`,
    };
  }
}

function maskOf(letters: readonly string[]): ActionMask {
  return ACTIONS.filter(({ letter }) => letters.includes(letter)).reduce((mask, { bit }) => mask | bit, 0);
}

function masks<Key>(keys: readonly Key[], mask: ActionMask): ReadonlyMap<Key, ActionMask> {
  return new Map(keys.map((key) => [key, mask] as const));
}

function numberOf(digits: string): bigint {
  // 0 is the wildcard and would widen the list to every app.
  if (!/^[1-9]\d{0,17}$/.test(digits)) throw new RangeError(`${digits} is no number of an app`);
  return BigInt(digits);
}
