/** One column of a statement: its name, the type that its value is cast to, and the value of a given thing. */
export interface Column<T> {
  readonly name: string;
  readonly type: string;
  readonly of: (from: T) => unknown;
}

/** A list of columns as the parts of a fixed text, and their values in the same order. */
export interface Columns<T> {
  /** `a, b`, for an insert. */
  readonly names: string;
  /** `$1::text, $2::uuid`, numbered behind `after`. */
  readonly places: (after?: number) => string;
  /** `a = $1::text, b = $2::uuid`, numbered behind `after`. */
  readonly settings: (after?: number) => string;
  readonly count: number;
  readonly values: (from: T) => unknown[];
}

/** Names, places and values are written from one list, so that none of them can slip against the others. */
export function columns<T>(list: readonly Column<T>[]): Columns<T> {
  const place = (index: number, after: number): string => `$${after + index + 1}::${list[index]?.type}`;
  return {
    names: list.map((column) => column.name).join(', '),
    places: (after = 0) => list.map((_, index) => place(index, after)).join(', '),
    settings: (after = 0) =>
      list.map((column, index) => `${column.name} = ${place(index, after)}`).join(', '),
    count: list.length,
    values: (from) => list.map((column) => column.of(from)),
  };
}
