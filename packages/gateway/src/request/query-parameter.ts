/** A query parameter that a row of the route table knows. Every one is sent upstream or read by its handler. */
export interface QueryParameter {
  /** As it is shown in a refusal and in the reference. */
  readonly shown: string;
  takes(name: string): boolean;
  /** What is wrong with a value. Left out where upstream judges. */
  readonly fault?: (value: string) => string | undefined;
  /** A second one would be read by nobody. */
  readonly once?: true;
}

/** A parameter by its exact name, with any value. */
export function named(name: string): QueryParameter {
  return { shown: name, takes: (given) => given === name };
}

/** Parameters by the beginning of their names, such as `metadata.role`. */
export function prefixed(prefix: string, rest: string): QueryParameter {
  return {
    shown: `${prefix}${rest}`,
    takes: (given) => given.startsWith(prefix) && given.length > prefix.length,
  };
}

/** A parameter with a handful of values. */
export function chosen(name: string, values: readonly string[]): QueryParameter {
  const fault = `expected one of ${values.join(', ')}`;
  return { ...named(name), fault: (value) => (values.includes(value) ? undefined : fault) };
}

/** A parameter that a handler reads once. */
export function single(name: string): QueryParameter {
  return { ...named(name), once: true };
}

/** A parameter that clients send and that can only mean what happens anyway; another value is refused in words. */
export function fixed(name: string, values: readonly string[], otherwise: string): QueryParameter {
  return { ...named(name), fault: (value) => (values.includes(value) ? undefined : otherwise) };
}

/** A whole number in a range. */
export function ranged(name: string, from: number, to: number): QueryParameter {
  return {
    ...single(name),
    fault: (value) =>
      /^[0-9]{1,9}$/.test(value) && Number(value) >= from && Number(value) <= to
        ? undefined
        : `must be a whole number from ${from} to ${to}`,
  };
}
