import { everyCaveat, type Caveat } from '@hangar/macaroon';

/** When it is over for certain: the earliest end of the windows that always apply, in Unix seconds. */
export function certainEnd(caveats: readonly Caveat[]): number | undefined {
  // A window inside IfPresent may not be asked, so it ends nothing for certain.
  return windowOf(caveats.filter((caveat) => caveat.type === 'ValidityWindow')).notAfter;
}

/** Whether it is over for certain. */
export function isOver(caveats: readonly Caveat[], at: Date): boolean {
  const end = certainEnd(caveats);
  return end !== undefined && at.getTime() > end * 1000;
}

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
    notBefore,
    notAfter,
  };
}
