import { isAppName, isMachineId, isOrgSlug, isVolumeId } from '@hangar/security';
import { ok, refuse, type Result } from '@hangar/http';
import type { SchemaName } from '@hangar/flyio';
import type { ActionMask } from '@hangar/macaroon';
import type { QueryParameter } from './query-parameter.ts';
import { isAddress, isEnvironmentId, isMetadataKey, isSecretName } from '../rules/name-forms.ts';

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
  | 'usage';

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
  /** It may make something run that was not running: what budgets stop. */
  readonly costs: boolean;
  /** The machine feature it touches (`metadata`), for caveats about features. */
  readonly machineFeature?: string;
}

/** The form of a parameter, and the rule in words. */
interface Form {
  readonly fits: (text: string) => boolean;
  readonly rule: string;
}

/** The form of every parameter that may stand in a pattern. */
const FORMS: Readonly<Record<string, Form>> = {
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
  ip: { fits: isAddress, rule: 'must be an IP address' },
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

/**
 * The parameters of a path under a pattern. Undefined when it is another path; a refusal when only the form of a
 * parameter is wrong.
 */
export function fitPattern(
  pattern: string,
  segments: readonly string[],
): Result<Record<string, string>, Unfit> | undefined {
  const wanted = pattern.slice(1).split('/');
  if (wanted.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  let unfit: Unfit | undefined;
  for (const [index, part] of wanted.entries()) {
    const segment = segments[index] ?? '';
    if (!part.startsWith('{')) {
      if (part !== segment) return undefined;
      continue;
    }
    const parameter = part.slice(1, -1);
    const form = FORMS[parameter];
    if (form?.fits(segment) === true) params[parameter] = segment;
    else unfit ??= { parameter, rule: form?.rule ?? 'has no form' };
  }
  return unfit ? refuse(unfit) : ok(params);
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
