/** A verdict as a value: either the thing asked for, or the tagged reason why not. */
export type Result<T, R> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: R };

/** Says yes, with the value. */
export function ok<T>(value: T): { ok: true; value: T } {
  return { ok: true, value };
}

/** Says no, with the reason. Reasons are for logs and switches; only their error code reaches a stranger. */
export function refuse<R>(reason: R): { ok: false; reason: R } {
  return { ok: false, reason };
}
