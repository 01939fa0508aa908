/** What may be there at once. To wait for a promise costs more than much of what is done on the hot ways. */
export type Soon<T> = T | Promise<T>;

/** Goes on with a value: at once when it is there, else when it comes. What `goOn` throws at once is thrown at once. */
export function whenThere<T, U>(value: Soon<T>, goOn: (value: T) => Soon<U>): Soon<U> {
  return value instanceof Promise ? value.then(goOn) : goOn(value);
}
