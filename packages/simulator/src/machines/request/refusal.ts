/** `status` words of the Machines API's error body (docs/specs/platform.md#machines-api). */
export type RefusalWord = 'unknown' | 'insufficient_capacity' | 'name_taken';

/** An answer other than success, in the Machines API's own words. Thrown by operations, rendered by the door. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly word: RefusalWord;

  constructor(status: number, message: string, word: RefusalWord = 'unknown') {
    super(message);
    this.status = status;
    this.word = word;
  }

  /** `{error, status}`, as every error of the Machines API is written. */
  body(): { error: string; status: RefusalWord } {
    return { error: this.message, status: this.word };
  }
}

/** 400, for a parameter that cannot be. */
export function invalidArgument(message: string): Refusal {
  return new Refusal(400, `invalid_argument: ${message}`);
}

/** 412, for a request that does not fit the present state. */
export function failedPrecondition(message: string): Refusal {
  return new Refusal(412, `failed_precondition: ${message}`);
}
