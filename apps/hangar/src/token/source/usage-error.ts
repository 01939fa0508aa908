/** A wrong use of the command: exit code 2, with what would be right. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
