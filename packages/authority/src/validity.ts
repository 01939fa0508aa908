import { everyCaveat, type Caveat } from '@hangar/macaroon';

/** The part of time in which every validity window of these caveats holds, in Unix seconds. */
export interface ValidityRange {
  readonly notBefore?: number;
  readonly notAfter?: number;
}

/**
 * Latest beginning and earliest end over all validity windows, those inside IfPresent included. A
 * display value and a hint when to renew; the rule is clearing.
 */
export function windowOf(caveats: readonly Caveat[]): ValidityRange {
  let notBefore: number | undefined;
  let notAfter: number | undefined;
  for (const caveat of everyCaveat(caveats)) {
    if (caveat.type !== 'ValidityWindow') continue;
    notBefore = Math.max(notBefore ?? Number.NEGATIVE_INFINITY, Number(caveat.notBefore));
    notAfter = Math.min(notAfter ?? Number.POSITIVE_INFINITY, Number(caveat.notAfter));
  }
  return {
    ...(notBefore === undefined ? {} : { notBefore }),
    ...(notAfter === undefined ? {} : { notAfter }),
  };
}
