import type { TokenReason } from '@hangar/contract';
import { branchDigests, tokenId, verify, type Macaroon, type TokenCrypto } from '@hangar/macaroon';
import { ok, refuse, whenThere, type Result, type Soon } from '@hangar/http';
import { unknownKey, verifyReason } from '../token-reason.ts';
import type { DischargeOrigin, Judged, Presented, Recognized } from './judged.ts';
import { keyNumberOf } from './key-id.ts';
import type { SigningKey, SigningKeys } from './keys.ts';
import { readTicket } from './ticket.ts';

/** Checks presented tokens against the root keys. */
export interface Judge {
  /** Chain and discharges. */
  verify(presented: Presented): Soon<Result<Judged, TokenReason>>;
  /** Whose key signed it, when one of ours did. */
  recognize(token: Macaroon): Promise<Recognized | undefined>;
  /** Whether our discharge service signed it, and for what. */
  recognizeDischarge(discharge: Macaroon): DischargeOrigin | undefined;
}

/** Builds a judge. The trusted keys are those shared with our own discharge service. */
export function createJudge(deps: {
  dischargeLocation: string;
  dischargeKeys: readonly Uint8Array[];
  keys: SigningKeys;
  tokenCrypto: TokenCrypto | undefined;
}): Judge {
  const crypto = deps.tokenCrypto;
  const trusted = new Map([[deps.dischargeLocation, deps.dischargeKeys]]);

  function keyFor(token: Macaroon): Soon<SigningKey | undefined> {
    const number = keyNumberOf(token.nonce.keyId);
    return number === undefined ? undefined : (deps.keys.cached(number) ?? deps.keys.byNumber(number));
  }

  function verifyWith(
    key: SigningKey | undefined,
    { token, discharges }: Presented,
  ): Result<Judged, TokenReason> {
    if (!key) return refuse(unknownKey(tokenId(token)));
    const outcome = verify(token, { key: key.bytes, discharges, trusted, crypto });
    if (!outcome.ok) return refuse(verifyReason(tokenId(token), outcome.reason));
    return ok({ workspace: key.workspace, keyNumber: key.number, verified: outcome.value });
  }

  return {
    verify: (presented) => whenThere(keyFor(presented.token), (key) => verifyWith(key, presented)),
    recognize: async (token) => {
      const key = await keyFor(token);
      if (!key) return undefined;
      const outcome = verify(token, { key: key.bytes, crypto });
      // The chain is compared before anything is said about discharges.
      const genuine = outcome.ok || outcome.reason.tag === 'missing_discharge';
      const branches = genuine ? branchDigests(token, key.bytes, crypto) : undefined;
      return branches ? { workspace: key.workspace, branches } : undefined;
    },
    recognizeDischarge: (discharge) => {
      if (discharge.location !== deps.dischargeLocation) return undefined;
      const ticket = readTicket(discharge.nonce.keyId, deps.dischargeKeys, crypto);
      if (!ticket.ok) return undefined;
      const { dischargeKey, caveats, loginOf } = ticket.value;
      if (!verify(discharge, { key: dischargeKey, crypto }).ok) return undefined;
      const workspace = caveats.flatMap((caveat) =>
        caveat.type === 'ConfineOrganization' ? [caveat.id] : [],
      )[0];
      return workspace !== undefined && loginOf ? { ticket: { workspace, loginOf } } : {};
    },
  };
}
