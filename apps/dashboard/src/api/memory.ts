import { QueryCache, QueryClient } from '@tanstack/react-query';
import { RequestFailed } from './request.ts';

/** The page's memory of answers. When a login ends, everything seen with it is dropped. */
export function createMemory(): QueryClient {
  const memory: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      onError: (error) => {
        if (error instanceof RequestFailed && error.code === 'login_required') void forget(memory);
      },
    }),
    defaultOptions: {
      queries: {
        // A refusal stays a refusal; only "no answer" and 5xx are worth a second try.
        retry: (count, error) =>
          count < 1 && error instanceof RequestFailed && (error.status === 0 || error.status >= 500),
        retryDelay: 500,
      },
    },
  });
  return memory;
}

/** Drops every answer and asks again who is signed in. */
export async function forget(memory: QueryClient): Promise<void> {
  await memory.cancelQueries();
  memory.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'me' });
  await memory.resetQueries({ queryKey: ['me'] });
}
