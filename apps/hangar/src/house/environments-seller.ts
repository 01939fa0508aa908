import type { Authority } from '@hangar/authority';
import type {
  Gateway,
  Machine,
  Power,
  PowerChange,
  RevokeAppTokens,
  UsageRecord,
  Workspace,
} from '@hangar/gateway';
import type { Config, Extension, Seller, UsageLine } from '@hangar/provider';
import type { WorkspaceRows } from '@hangar/store';
import { HangarError } from '@hangar/http';
import { descriptionOf, priceOf, unitOf } from './prices.ts';

/** The variables that a customer's app receives. */
export const ENVIRONMENTS_CONFIG_KEYS = ['HANGAR_API_URL', 'HANGAR_ORG', 'HANGAR_API_TOKEN'] as const;

/**
 * Life of the token that a customer's app gets as a secret. It cannot renew itself, and redeploying yearly is
 * bearable; it can be revoked within a second on any day of it.
 */
const CUSTOMER_TOKEN_SECONDS = 365 * 86_400;

/** Who made the token that comes with the extension: shown in lists, and told apart from people. */
const PROVISIONING = 'provisioning';

/** Who revokes the tokens of an app that is deleted. */
const DELETION = 'deletion';

/** What the gateway calls while it deletes an app: the tokens minted for it end with it. */
export function appTokensEnd({ tokens }: Pick<Authority, 'tokens'>): RevokeAppTokens {
  return async ({ workspace, app }) =>
    void (await tokens.revoke({ workspace, target: { app }, by: DELETION, reason: 'the app was deleted' }));
}

/** What the environments provider is made of. */
export interface EnvironmentsParts {
  readonly gateway: Pick<Gateway, 'environments' | 'workspaces'>;
  readonly authority: Pick<Authority, 'tokens'>;
  readonly gatewayUrl: string;
}

/**
 * User environments sold as a Fly.io extension. It is a provider like any other, built on what the kit offers
 * to everybody: an extension is a workspace, and its config is an address and a macaroon for it.
 */
export function environmentsSeller({ gateway, authority, gatewayUrl }: EnvironmentsParts): Seller {
  const tokenOf = (extension: Extension, workspace: Workspace) =>
    ({
      workspace: workspace.number,
      preset: 'org',
      name: extension.name,
      creator: PROVISIONING,
      expiresInSeconds: CUSTOMER_TOKEN_SECONDS,
    }) as const;
  const configOf = (workspace: Workspace, token: string): Config => ({
    HANGAR_API_URL: gatewayUrl,
    HANGAR_ORG: workspace.slug,
    HANGAR_API_TOKEN: token,
  });
  return {
    prepare: async ({ extension }) => {
      const { id: extensionId, organizationId } = extension;
      const workspace = await gateway.workspaces.prepare({ extensionId, organizationId });
      const minted = await authority.tokens.prepare(tokenOf(extension, workspace));
      if (minted === undefined) return undefined;
      const rows: WorkspaceRows = { kind: 'workspace', workspace, key: minted.key, token: minted.row };
      return { config: configOf(workspace, minted.token), rows, stored: () => minted.stored() };
    },
    provision: async ({ extension, attempt, answered }) => {
      const workspace = await gateway.workspaces.open({
        extensionId: extension.id,
        organizationId: extension.organizationId,
      });
      if (answered !== undefined) return { config: answered };
      // An attempt that crashed after minting left a token that nobody has; it must not live on.
      if (attempt > 1)
        await authority.tokens.revoke({
          workspace: workspace.number,
          target: { creator: PROVISIONING },
          by: PROVISIONING,
        });
      const minted = await authority.tokens.mint(tokenOf(extension, workspace));
      return { config: configOf(workspace, minted.token) };
    },
    update: async () => {},
    cutOff: async ({ extension, destroyAt }) => {
      const workspace = await gateway.workspaces.ofExtension(extension.id);
      if (workspace === undefined) return;
      await authority.tokens.revokeWorkspace(workspace.number);
      await gateway.environments.quarantineAll(workspace.number, destroyAt);
    },
    deprovision: async ({ extension }) => {
      const workspace = await gateway.workspaces.ofExtension(extension.id);
      if (workspace === undefined) return;
      // Tokens first: nothing new may be made while the old is being removed.
      await authority.tokens.revokeWorkspace(workspace.number);
      await gateway.environments.deleteAll(workspace.number);
    },
    usage: async ({ extension, from, to }) => {
      const workspace = await gateway.workspaces.ofExtension(extension.id);
      if (workspace === undefined) return [];
      return linesOf(await gateway.environments.usage({ workspace: workspace.number, from, to }));
    },
    onMachineEvent: async (event, context) => {
      if (event.machineId === undefined) return;
      const change = await gateway.environments.observe({ machine_id: event.machineId });
      if (change === undefined || change.workspacePower === 'starting' || change.workspacePower === 'none')
        return;
      try {
        const { status, detail } = statusOf(change.workspacePower, change.failed);
        await context.setStatus(change.workspace.extensionId, status, detail);
      } catch (error) {
        // The last events of an extension arrive while it is being deleted.
        if (!(error instanceof HangarError) || !['not_found', 'state_conflict'].includes(error.code))
          throw error;
      }
    },
  };
}

/** What an extension is, by what its environments do; a failed machine says which one it is and why. */
function statusOf(
  power: Power,
  failed: PowerChange['failed'],
): { readonly status: 'ready' | 'error' | 'sleeping'; readonly detail?: string } {
  if (power === 'running') return { status: 'ready' };
  if (power !== 'failed') return { status: 'sleeping' };
  const [machine] = failed;
  return machine === undefined ? { status: 'error' } : { status: 'error', detail: sentenceOf(machine) };
}

function sentenceOf({ id, failure }: Machine): string {
  const code = failure?.exitCode === undefined ? '' : ` with exit code ${failure.exitCode}`;
  switch (failure?.reason) {
    case 'out_of_memory':
      return `machine ${id} ran out of memory and ended${code}`;
    case 'restarting':
      return `machine ${id} ends again and again${code}`;
    case 'not_launched':
      return `machine ${id} could not be launched`;
    case 'exited':
    case undefined:
      return `machine ${id} ended${code}`;
  }
}

/** Quantities are added in units of 1e-10, so that the charges are exactly the sum of the usage records. */
const UNITS = 10n ** 10n;

/** One line per meter, kind of processor and hour: what the environments of a workspace used together. */
export function linesOf(records: readonly UsageRecord[]): UsageLine[] {
  const sums = new Map<string, { record: UsageRecord; units: bigint }>();
  for (const record of records) {
    const key = `${record.from.toISOString()} ${record.meter} ${record.cpuKind}`;
    const sum = sums.get(key) ?? { record, units: 0n };
    sums.set(key, { ...sum, units: sum.units + BigInt(record.quantity.toFixed(10).replace('.', '')) });
  }
  return [...sums.values()].map(({ record, units }) => ({
    meter: `${record.meter}.${record.cpuKind}`,
    description: descriptionOf(record),
    quantity: `${units / UNITS}.${String(units % UNITS).padStart(10, '0')}`,
    unit: unitOf(record),
    unitPrice: priceOf(record),
    from: record.from,
    to: record.to,
  }));
}
