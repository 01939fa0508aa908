/** A state that cannot be gone on with. Nothing is written over it: whoever put it there decides. */
export class StateDamaged extends Error {
  override readonly name = 'StateDamaged';

  constructor(path: string, what: string, cause?: unknown) {
    super(
      `the state of the simulated Fly.io cannot be read: ${path} ${what}. Put back a copy, name another file with --state, or remove it and what stands beside it`,
      cause === undefined ? {} : { cause },
    );
  }
}
