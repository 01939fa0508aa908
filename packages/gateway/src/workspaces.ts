import type { Workspace } from './nouns.ts';
import { randomBase32 } from './rules/naming.ts';
import type { Deps } from './deps.ts';

/** The workspaces: one per extension of the environments provider. */
export interface Workspaces {
  /** The extension's workspace, made on first use, with a slug of its own. May be repeated. */
  open(extension: { readonly extensionId: string; readonly organizationId: string }): Promise<Workspace>;
  /** A workspace with number and slug, for whoever stores it together with what else the extension is. */
  prepare(extension: { readonly extensionId: string; readonly organizationId: string }): Promise<Workspace>;
  get(number: bigint): Promise<Workspace | undefined>;
  ofExtension(extensionId: string): Promise<Workspace | undefined>;
  /** Refuses all further requests of its tokens. Nothing is deleted. */
  close(number: bigint): Promise<void>;
}

const SLUG_RANDOM_LENGTH = 10;

const newSlug = (): string => `ws-${randomBase32(SLUG_RANDOM_LENGTH)}`;

/** Makes the operations on workspaces. */
export function createWorkspaces({ store, now }: Pick<Deps, 'store' | 'now'>): Workspaces {
  return {
    open: async ({ extensionId, organizationId }) =>
      await store.openWorkspace({ slug: newSlug(), extensionId, organizationId, createdAt: now() }),
    prepare: async ({ extensionId, organizationId }) => ({
      number: await store.nextWorkspaceNumber(),
      slug: newSlug(),
      extensionId,
      organizationId,
      createdAt: now(),
      closedAt: undefined,
    }),
    get: async (number) => await store.workspace(number),
    ofExtension: async (extensionId) => await store.workspaceOfExtension(extensionId),
    close: async (number) => await store.closeWorkspace(number, now()),
  };
}
