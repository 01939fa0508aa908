import type { ActionMask } from '../caveats/action.ts';

/**
 * What somebody wants to do (docs/specs/token-format.md#access). Absent and zero differ: `appId: 0n` means an app
 * whose number is not known yet. The caller must make sure that the app belongs to the organization, the machine to
 * the app, and so on: caveats only compare ids.
 *
 * @typeParam Facts what the private caveats of a registry look at; the same type in their definitions and in the access
 */
export interface Access<Facts = unknown> {
  readonly action: ActionMask;
  readonly orgId?: bigint;
  readonly appId?: bigint;
  readonly feature?: string;
  readonly storageObject?: string;
  readonly appFeature?: string;
  readonly volume?: string;
  readonly machine?: string;
  readonly machineFeature?: string;
  readonly command?: readonly string[];
  readonly cluster?: string;
  readonly mutation?: string;
  readonly sourceMachine?: string;
  readonly sourceApp?: string;
  readonly sourceOrganization?: string;
  /** The moment of the request. */
  readonly now: Date;
  /** Facts that only private caveats look at. */
  readonly extension?: Facts | undefined;
}

/** What is wrong with an access before any caveat has looked at it. */
export interface AccessFault {
  readonly tag: 'resource_unspecified' | 'mutually_exclusive' | 'invalid_access';
  readonly sentence: string;
}

const LITEFS = 'litefs-cloud';

/** The rules of docs/specs/token-format.md#access, in their order; undefined when all hold. */
export function accessFault(access: Access): AccessFault | undefined {
  if (access.orgId === undefined) return missing('an organization');
  if (count(access.appId, access.feature, access.storageObject) > 1) {
    return exclusive('an app, an organization feature and a storage object');
  }
  const inApp = count(access.machine, access.volume, access.appFeature);
  if (inApp > 0 && access.appId === undefined) return missing('an app');
  if (inApp > 1) return exclusive('a machine, a volume and an app feature');
  if (access.cluster !== undefined) {
    if (access.feature === undefined) return missing('a feature');
    if (access.feature !== LITEFS) {
      return { tag: 'invalid_access', sentence: 'A cluster belongs to the litefs-cloud feature.' };
    }
  }
  const inMachine = count(access.command, access.machineFeature);
  if (inMachine > 0 && access.machine === undefined) return missing('a machine');
  if (inMachine > 1) return exclusive('a command and a machine feature');
  return undefined;
}

function count(first: unknown, second: unknown, third?: unknown): number {
  return Number(first !== undefined) + Number(second !== undefined) + Number(third !== undefined);
}

function missing(what: string): AccessFault {
  return { tag: 'resource_unspecified', sentence: `The request must name ${what}.` };
}

function exclusive(what: string): AccessFault {
  return {
    tag: 'mutually_exclusive',
    sentence: `A request is about one thing: it cannot name ${what} together.`,
  };
}
