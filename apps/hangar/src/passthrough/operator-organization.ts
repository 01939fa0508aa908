import { createMachinesClient } from '@hangar/flyio';
import { HangarError } from '@hangar/http';
import { createOriginPool } from '@hangar/security/outgoing';
import type { PassthroughConfig } from '../config/passthrough.ts';

/** Tells the organization of the operator's own app. */
export interface OperatorOrganization {
  /**
   * Undefined when there is no such app.
   * @throws HangarError `not_ready` when Fly.io does not tell
   */
  of(app: string): Promise<string | undefined>;
  close(): Promise<void>;
}

/** A name for the log and the `Host` header; behind the socket nobody looks at it. */
const SOCKET_ORIGIN = 'http://flaps';

/** Asks with the operator's token, or else through the machine's own socket; never with what a caller sent. */
export function createOperatorOrganization(
  { flyApiToken, machineSocket }: Pick<PassthroughConfig, 'flyApiToken' | 'machineSocket'>,
  machinesUrl: string,
): OperatorOrganization {
  const isBySocket = flyApiToken === undefined && machineSocket !== undefined;
  const baseUrl = isBySocket ? SOCKET_ORIGIN : machinesUrl;
  const pool = createOriginPool(baseUrl, isBySocket ? { socketPath: machineSocket } : {});
  const token = flyApiToken === undefined ? undefined : () => flyApiToken;
  const machines = createMachinesClient({ baseUrl, token, pool });
  return {
    async of(app) {
      const found = await machines.getApp(app);
      if (found.ok) return found.value.organization?.slug;
      const { reason } = found;
      if (reason.tag === 'refused' && reason.status === 404) return undefined;
      throw new HangarError('not_ready', {
        detail: `the organization of ${app} cannot be asked for: ${reason.tag === 'refused' ? reason.status : reason.detail}`,
      });
    },
    close: async () => await pool.destroy(),
  };
}
