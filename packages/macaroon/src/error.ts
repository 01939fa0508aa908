/** What a caller did wrong when making or narrowing a token. Received tokens are never thrown about; they get verdicts. */
export type MacaroonErrorCode =
  | 'weak_key'
  | 'bad_length'
  | 'bad_value'
  | 'limit'
  | 'finalized'
  | 'attestation_not_allowed'
  | 'third_party_not_allowed'
  | 'duplicate_third_party'
  | 'unknown_caveat'
  | 'never_clears'
  | 'no_accesses';

/** Thrown by the making side (mint, attenuate, encode): the call itself is wrong. `code` is the contract, the text is not. */
export class MacaroonError extends Error {
  readonly code: MacaroonErrorCode;

  constructor(code: MacaroonErrorCode, message: string) {
    super(message);
    this.name = 'MacaroonError';
    this.code = code;
  }
}
