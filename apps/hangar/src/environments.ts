import type { Authority } from '@hangar/authority';
import type { Gateway } from '@hangar/gateway';
import type { Config, Seller, UsageLine } from '@hangar/provider';
import { priceOf } from './prices.ts';

/** The variables that a customer's app receives. */
export const environmentsConfigKeys = ['HANGAR_API_URL', 'HANGAR_ORG', 'HANGAR_API_TOKEN'] as const;

/**
 * Life of the token that a customer's app gets as a secret. It cannot renew itself, and redeploying yearly is
 * bearable; it can be revoked within a second on any day of it.
 */
const CUSTOMER_TOKEN_SECONDS = 365 * 86_400;

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
export function environmentsSeller(parts: EnvironmentsParts): Seller {
  const { gateway, authority } = parts;
  return {
    provision: async ({ extension, answered }) => {
      const workspace = await gateway.workspaces.open({
        extensionId: extension.id,
        organizationId: extension.organizationId,
      });
      if (answered !== null) return { config: answered };
      // An attempt that crashed after minting left a token that nobody has; it must not live on.
      await authority.tokens.revoke({
        workspace: workspace.number,
        target: { creator: PROVISIONING },
        by: PROVISIONING,
        reason: 'provisioned again',
      });
      const minted = await authority.tokens.mint({
        workspace: workspace.number,
        preset: 'org',
        name: extension.name,
        creator: PROVISIONING,
        expiresInSeconds: CUSTOMER_TOKEN_SECONDS,
      });
      const config: Config = {
        HANGAR_API_URL: parts.gatewayUrl,
        HANGAR_ORG: workspace.slug,
        HANGAR_API_TOKEN: minted.token,
      };
      return { config };
    },
    update: async () => {},
    deprovision: async ({ extension }) => {
      const workspace = await gateway.workspaces.ofExtension(extension.id);
      if (workspace === undefined) return;
      // Tokens first: nothing new may be made while the old is being removed.
      await authority.tokens.revokeWorkspace(workspace.number);
      await gateway.environments.deleteAll(workspace.number);
      await gateway.workspaces.close(workspace.number);
    },
    usage: async ({ extension, from, to }) => {
      const workspace = await gateway.workspaces.ofExtension(extension.id);
      if (workspace === undefined) return [];
      const lines = await gateway.environments.usage({ workspace: workspace.number, from, to });
      return lines.map((line): UsageLine => ({
        meter: line.meter,
        description: line.description,
        quantity: line.quantity,
        unit: line.unit,
        unitPrice: priceOf(line.meter),
        from: line.from,
        to: line.to,
      }));
    },
    onMachineEvent: async (event, context) => {
      if (event.machineId === null) return;
      const seen = await gateway.environments.observe({ machineId: event.machineId });
      if (seen === undefined) return;
      await context.setStatus(seen.extensionId, seen.running ? 'ready' : 'sleeping');
    },
  };
}

/** Who made the token that comes with the extension: shown in lists, and told apart from people. */
const PROVISIONING = 'provisioning';
