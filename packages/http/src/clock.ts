/** Where the time comes from. Everything that compares times takes one, so tests can turn it. */
export type Clock = () => Date;

/** The clock of the machine, and the only place in the libraries that reads it. */
export const systemClock: Clock = () => new Date();
