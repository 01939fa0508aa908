/** Tells a client which part of Hangar answered: several ports speak JSON, and only one of them knows tokens. */
export const DOOR_HEADER = 'hangar-door';
/** What is said by the part that mints, lists, judges and revokes tokens. */
export const TOKENS_DOOR = 'tokens';
