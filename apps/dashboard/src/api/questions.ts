import { queryOptions } from '@tanstack/react-query';
import type {
  DeliveryView,
  EnvironmentView,
  ExtensionSummary,
  ExtensionView,
  ListView,
  MachineEventView,
  MeView,
  SignedInView,
  SignedOutView,
  TokenView,
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
export const tokensQuestion = (id: string) => listQuestion<TokenView>(id, 'tokens');
export const deliveriesQuestion = (id: string) => listQuestion<DeliveryView>(id, 'deliveries');
export const eventsQuestion = (id: string) => listQuestion<MachineEventView>(id, 'events');

export const usageQuestion = (id: string) =>
  queryOptions({
    queryKey: ['extension', id, 'usage'],
    queryFn: ({ signal }) => read<UsageView>(`${extensionPath(id)}/usage`, signal),
    refetchInterval: REFRESH_MS,
  });

export const extensionPath = (id: string) => `/api/extensions/${encodeURIComponent(id)}`;

function listQuestion<Item>(id: string, list: 'environments' | 'tokens' | 'deliveries' | 'events') {
  return queryOptions({
    queryKey: ['extension', id, list],
    queryFn: ({ signal }) => read<ListView<Item>>(`${extensionPath(id)}/${list}`, signal),
    refetchInterval: REFRESH_MS,
  });
}
