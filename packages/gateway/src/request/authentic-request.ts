import { tokenError, type AuthenticatedCaller, type TokenVerifier } from '@hangar/contract';
import { ok, refuse, whenThere, type HangarError, type Result, type Soon } from '@hangar/http';
import type { WholeRequest } from './whole-request.ts';

/**
 * A whole request and who sent it: the third step of the pipeline. Only {@link AuthenticRequest.judge} makes one, so a
 * credential is judged after the last byte has come: its signatures, its revocation and, when it is cleared, its end.
 */
export class AuthenticRequest {
  readonly whole: WholeRequest;
  readonly verified: AuthenticatedCaller;
  readonly #verifier: TokenVerifier;

  private constructor(whole: WholeRequest, verified: AuthenticatedCaller, verifier: TokenVerifier) {
    this.whole = whole;
    this.verified = verified;
    this.#verifier = verifier;
  }

  /** @throws HangarError one of the `token_…` or `discharge_…` codes */
  static async judge(whole: WholeRequest, verifier: TokenVerifier): Promise<AuthenticRequest> {
    const judged = await AuthenticRequest.verdict(whole, verifier);
    if (!judged.ok) throw judged.reason;
    return judged.value;
  }

  /**
   * The same, at once where nothing has to be waited for, and with a refusal as a value: strangers decide how often there is
   * one, and one that is thrown costs more.
   */
  static verdict(whole: WholeRequest, verifier: TokenVerifier): Soon<Result<AuthenticRequest, HangarError>> {
    return whenThere(verifier.verify(whole.headers.get('authorization')), (verified) => {
      if (!verified.ok) return refuse(tokenError(verified.reason));
      return ok(new AuthenticRequest(whole, verified.value, verifier));
    });
  }

  /** From fresh memory alone; undefined says nothing about the token. */
  static recall(whole: WholeRequest, verifier: TokenVerifier): AuthenticRequest | undefined {
    const text = whole.headers.get('authorization');
    const verified = text === null ? undefined : verifier.recall(text);
    return verified && new AuthenticRequest(whole, verified, verifier);
  }

  /** The same request judged once more, after something took its time. */
  async again(): Promise<AuthenticRequest> {
    return await AuthenticRequest.judge(this.whole, this.#verifier);
  }
}
