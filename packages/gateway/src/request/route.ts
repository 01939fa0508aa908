import { isAppName, isMachineId, isOrgSlug, isVolumeId } from '@hangar/security';
import type { SchemaName } from '@hangar/flyio';
import type { ActionMask } from '@hangar/macaroon';
import type { QueryParameter } from './query-parameter.ts';
import { isAddress, isEnvironmentId, isHostname, isMetadataKey, isSecretName } from '../rules/name-forms.ts';

/** Methods that any route uses. A method outside this list has no route. */
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/**
 * What the caveats are asked about: the workspace, one app, one of its machines or volumes, or a list that is cut to
 * what the token may see.
 */
export type Resource = 'workspace' | 'app' | 'machine' | 'volume' | 'list';

/** Names of the operations that the gateway carries out itself. */
export type Handler =
  | 'list-apps'
  | 'create-app'
  | 'get-app'
  | 'delete-app'
  | 'create-machine'
  | 'update-machine'
  | 'exec'
  | 'set-secrets'
  | 'create-volume'
  | 'write-metadata'
  | 'extend-volume'
  | 'assign-address'
  | 'release-address'
  | 'list-org-machines'
  | 'list-org-volumes'
  | 'place'
  | 'create-environment'
  | 'list-environments'
  | 'get-environment'
  | 'undelete-environment'
  | 'usage'
  | ClientHandler;

/** Those of them of which flyctl takes api.fly.io to be the home. */
export type ClientHandler =
  | 'graphql'
  | 'list-organizations'
  | 'get-organization'
  | 'note-build'
  | 'order-release'
  | 'report-release-by-id'
  | 'create-release'
  | 'report-release'
  | 'list-releases'
  | 'get-release'
  | 'current-releases'
  | 'current-release-times'
  | 'read-logs'
  | 'find-image'
  | 'host-issues';

/** How the answer of upstream is treated on its way back. */
export type Reply =
  | 'stream'
  | 'machine'
  | 'machines'
  | 'versions'
  | 'metadata'
  | 'volumes'
  | 'extended-volume'
  | 'deleted-volume'
  | 'address'
  | 'deleted-machine';

/** What happens to an allowed request. */
export type Treatment =
  | {
      readonly kind: 'forward';
      /** What its JSON body may hold, in the table of bodies. None: no body goes upstream. */
      readonly body: SchemaName | undefined;
      readonly reply: Reply;
      readonly maxBodyBytes: number;
    }
  | { readonly kind: 'handle'; readonly handler: Handler; readonly maxBodyBytes: number }
  | { readonly kind: 'refuse'; readonly sentence: string };

/** One row of the route table. */
export interface Route {
  /** Names the row in the audit trail, such as `machines.start`. */
  readonly id: string;
  readonly method: Method;
  /** Literal segments and `{name}` parameters; the upstream path is written from the same pattern. */
  readonly pattern: string;
  readonly action: ActionMask;
  readonly resource: Resource;
  readonly treatment: Treatment;
  /** Query parameters that are looked at or sent on; others are refused. */
  readonly query: readonly QueryParameter[];
  /** Sending it upstream twice is the same as once. Decides which statuses a failure may have. */
  readonly repeatable: boolean;
  /** Whether it may make something run that was not running: what budgets stop. */
  readonly costs: 'never' | 'may';
  /** The machine that it starts, where it starts one: that of the path, or the one that its body describes. */
  readonly starts?: 'machine' | 'body';
  /** What of its body the caveats are asked about, so that it is read before them. */
  readonly reads?: 'command' | 'app-request' | 'environment-request';
  /** Upstream takes as long as the caller allows. */
  readonly slow?: true;
  /** It does nothing itself: what it is about is asked of other rows, each of which is judged and noted for itself. */
  readonly asksOthers?: true;
  /** The machine feature it touches (`metadata`), for caveats about features. */
  readonly machineFeature?: string;
}

/** The form of a parameter, and the rule in words. */
export interface Form {
  readonly fits: (text: string) => boolean;
  readonly rule: string;
}

/** The form of every parameter that may stand in a pattern. */
export const FORMS: Readonly<Record<string, Form>> = {
  app: { fits: isAppName, rule: 'must be the name of an app' },
  machine: { fits: isMachineId, rule: 'must be the id of a machine' },
  volume: { fits: isVolumeId, rule: 'must be the id of a volume' },
  org: { fits: isOrgSlug, rule: 'must be the slug of an organization' },
  secret: {
    fits: isSecretName,
    rule: 'must be 1 to 128 letters, digits and underscores, not beginning with a digit',
  },
  key: {
    fits: isMetadataKey,
    rule: 'must be 1 to 128 letters, digits and . _ -, beginning with a letter or digit',
  },
  'secret-key': {
    fits: isMetadataKey,
    rule: 'must be 1 to 128 letters, digits and . _ -, beginning with a letter or digit',
  },
  hostname: { fits: isHostname, rule: 'must be a host name, or one below *.' },
  ip: { fits: isAddress, rule: 'must be an IP address' },
  release: {
    fits: (text) => /^(?:[1-9][0-9]{0,8}|current)$/.test(text),
    rule: 'must be the version of a release, or current',
  },
  'release-id': {
    fits: (text) => /^[a-z0-9-]{1,63}\.[1-9][0-9]{0,8}$/.test(text),
    rule: 'must be the id of a release',
  },
  environment: {
    fits: (text) => isEnvironmentId(text) || isAppName(text),
    rule: 'must be the id or the name of an environment',
  },
};

/** The parameter that does not have its form. */
export interface Unfit {
  readonly parameter: string;
  readonly rule: string;
}

/** Writes the path segments of a pattern from parameters that were checked. */
export function fillPattern(pattern: string, params: Readonly<Record<string, string>>): string[] {
  return pattern
    .slice(1)
    .split('/')
    .map((part) => {
      if (!part.startsWith('{')) return part;
      const name = part.slice(1, -1);
      const value = params[name];
      if (value === undefined || FORMS[name]?.fits(value) !== true)
        throw new TypeError(`no valid ${name} for ${pattern}`);
      return value;
    });
}
