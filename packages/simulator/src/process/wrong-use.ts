/** Called in a way that it does not know: exit code 2. Anything else that keeps it from starting is 1. */
export class WrongUse extends Error {
  override readonly name = 'WrongUse';
}
