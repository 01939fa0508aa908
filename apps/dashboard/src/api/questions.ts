import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type {
  DeliveryView,
  EnvironmentView,
  ExtensionSummary,
  ExtensionView,
  ListView,
  MachineEventView,
  MeView,
  MintingView,
  SignedInView,
  SignedOutView,
  TokenListView,
  UsageView,
} from '../../wire.d.ts';
import { read } from './request.ts';

/** Lists move while a machine starts or a webhook is retried: often enough to watch, rare enough not to matter. */
const REFRESH_MS = 15_000;

/** A signed-in person, and how far the server's clock is ahead of this browser's. */
export type Viewer = SignedInView & { readonly clockAheadMs: number };

export const meQuestion = (returnTo: string) =>
  queryOptions({
    queryKey: ['me', returnTo],
    queryFn: async ({ signal }): Promise<Viewer | SignedOutView> => {
      const me = await read<MeView>(`/api/me?return_to=${encodeURIComponent(returnTo)}`, signal);
      return me.signedIn ? { ...me, clockAheadMs: new Date(me.now).getTime() - new Date().getTime() } : me;
    },
    staleTime: 60_000,
  });

export const extensionsQuestion = () =>
  queryOptions({
    queryKey: ['extensions'],
    queryFn: ({ signal }) => read<ListView<ExtensionSummary>>('/api/extensions', signal),
    refetchInterval: REFRESH_MS,
  });

export const extensionQuestion = (id: string) =>
  queryOptions({
    queryKey: ['extension', id],
    queryFn: ({ signal }) => read<ExtensionView>(extensionPath(id), signal),
    refetchInterval: REFRESH_MS,
  });

export const environmentsQuestion = (id: string) => listQuestion<EnvironmentView>(id, 'environments');
export const deliveriesQuestion = (id: string) => listQuestion<DeliveryView>(id, 'deliveries');
export const eventsQuestion = (id: string) => listQuestion<MachineEventView>(id, 'events');

/** Everything asked about the tokens of an extension begins with this. */
export const tokensKey = (id: string) => ['extension', id, 'tokens'] as const;

/** The newest tokens of an extension. */
export const tokensQuestion = (id: string) =>
  queryOptions({
    queryKey: [...tokensKey(id), 'newest'],
    queryFn: ({ signal }) => read<TokenListView>(`${extensionPath(id)}/tokens`, signal),
    refetchInterval: REFRESH_MS,
  });

/** All tokens of an extension, page by page. */
export const tokenPagesQuestion = (id: string, activeOnly: boolean) =>
  infiniteQueryOptions({
    queryKey: [...tokensKey(id), 'pages', activeOnly],
    queryFn: ({ signal, pageParam }) => {
      const query = new URLSearchParams({
        ...(activeOnly ? { state: 'active' } : {}),
        ...(pageParam === null ? {} : { cursor: pageParam }),
      });
      return read<TokenListView>(`${extensionPath(id)}/tokens?${query}`, signal);
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    refetchInterval: REFRESH_MS,
  });

/** The living tokens that a revocation would end, up to 200 of them. */
export const doomedQuestion = (id: string, target: Readonly<Record<string, string>>) =>
  queryOptions({
    queryKey: [...tokensKey(id), 'doomed', target],
    queryFn: ({ signal }) => {
      const query = new URLSearchParams({ state: 'active', limit: '200', ...target });
      return read<TokenListView>(`${extensionPath(id)}/tokens?${query}`, signal);
    },
    staleTime: 0,
  });

/** The viewer's workspaces with their apps, and what can be minted. */
export const mintingQuestion = () =>
  queryOptions({
    queryKey: ['minting'],
    queryFn: ({ signal }) => read<MintingView>('/api/minting', signal),
    staleTime: 30_000,
  });

export const usageQuestion = (id: string) =>
  queryOptions({
    queryKey: ['extension', id, 'usage'],
    queryFn: ({ signal }) => read<UsageView>(`${extensionPath(id)}/usage`, signal),
    refetchInterval: REFRESH_MS,
  });

export const extensionPath = (id: string) => `/api/extensions/${encodeURIComponent(id)}`;

function listQuestion<Item>(id: string, list: 'environments' | 'deliveries' | 'events') {
  return queryOptions({
    queryKey: ['extension', id, list],
    queryFn: ({ signal }) => read<ListView<Item>>(`${extensionPath(id)}/${list}`, signal),
    refetchInterval: REFRESH_MS,
  });
}
