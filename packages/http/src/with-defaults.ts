/**
 * The members given, and the default for each that is absent or undefined. A spread over the defaults would let an undefined
 * win, and whoever passes an option on says undefined for one that it was not given.
 */
export function withDefaults<T extends object>(
  defaults: T,
  given: { readonly [Member in keyof T]?: T[Member] | undefined } = {},
): T {
  const whole = { ...defaults };
  for (const member of Object.keys(defaults) as (keyof T)[])
    whole[member] = given[member] ?? defaults[member];
  return whole;
}
