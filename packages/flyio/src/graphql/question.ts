/** A document as a client sent it. */
export interface Question {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly operationName: string | undefined;
}

/** The question in a body that is JSON already; undefined for one that holds none. */
export function questionOf(body: unknown): Question | undefined {
  if (!isObject(body) || typeof body['query'] !== 'string') return undefined;
  const { query, variables, operationName } = body;
  return {
    query,
    variables: isObject(variables) ? variables : {},
    operationName: typeof operationName === 'string' ? operationName : undefined,
  };
}

function isObject(value: unknown): value is Record<string, unknown> & { query?: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
