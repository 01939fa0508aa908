import { HangarError } from '@hangar/http';

/** For all answers that are gathered at a time: four of the largest. Others are told to come again. */
const ALL_BYTES = 67_108_864;
const RETRY_AFTER_SECONDS = 1;

/** Counts what answers hold in memory that are looked at whole, so that slow ones together stay within a bound. */
export class GatheredBytes {
  #held = 0;

  /** @throws HangarError `unavailable` when so much more is not to be had; then nothing was taken */
  take(bytes: number): void {
    if (this.#held + bytes > ALL_BYTES)
      throw new HangarError('unavailable', {
        detail: `answers of upstream hold ${this.#held} bytes`,
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      });
    this.#held += bytes;
  }

  giveBack(bytes: number): void {
    this.#held -= bytes;
  }
}
