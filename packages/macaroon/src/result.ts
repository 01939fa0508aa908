/** A verdict as a value: either what was asked for, or a tagged reason why not. */
export type Result<T, R> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: R };

/** Wraps a good outcome. */
export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

/** Wraps the reason of a refusal. */
export function refuse<R>(reason: R): { readonly ok: false; readonly reason: R } {
  return { ok: false, reason };
}
