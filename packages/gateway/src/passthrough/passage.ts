import { HangarError, ok, refuse, type Result } from '@hangar/http';
import { isAppName } from '@hangar/security';
import { targetError } from '../request/plan.ts';
import { formatTarget, parseTarget, queryValues, type Target } from '../request/target.ts';

/** What a request asks for, by its method and target alone. */
export type Passage = {
  readonly method: string;
  /** Path and query for upstream: what was read, written anew. */
  readonly target: string;
} & (
  | { readonly kind: 'create-app' }
  | { readonly kind: 'delete-app'; readonly app: string }
  | { readonly kind: 'write-machine'; readonly app: string }
  | {
      readonly kind: 'pass';
      /** The app that it is about; its organization has to be allowed. */
      readonly app?: string | undefined;
      /** The organization that it names, which has to be allowed. */
      readonly organization?: string | undefined;
      /** Asks what a token is worth, which is in the body: clients send no Authorization. */
      readonly isOpen: boolean;
    }
);

const METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/**
 * Reads the method and the target. Only `/v1/…` is there, and only targets with one reading
 * (docs/specs/gateway.md#request-target): everything that this mode does itself or checks is told apart by them, so a
 * second spelling would pass unchecked.
 */
export function planPassage(method: string, rawTarget: string): Result<Passage, HangarError> {
  const target = parseTarget(rawTarget);
  if (!target.ok) return refuse(targetError(target.reason));
  if (!METHODS.includes(method))
    return refuse(new HangarError('method_not_allowed', { headers: { allow: METHODS.join(', ') } }));
  const { segments } = target.value;
  const [version, kind = '', name, below, , deeper] = segments;
  if (version !== 'v1' || kind === '') return refuse(new HangarError('not_found', { detail: 'no route' }));
  // Nobody knows whether upstream reads them as the ones that are checked.
  if (/^(?:apps|orgs)$/i.test(kind) && kind !== kind.toLowerCase())
    return refuse(new HangarError('not_found', { detail: 'no route' }));
  const base = { method, target: formatTarget(target.value) };
  if (kind === 'orgs') return ok({ ...base, kind: 'pass', organization: name, isOpen: false });
  if (kind !== 'apps') return ok({ ...base, kind: 'pass', isOpen: isOpen(method, segments) });
  if (name === undefined) return ofApps(base, target.value);
  const isHandled = method === 'DELETE' && segments.length === 3;
  if (isHandled && !isAppName(name)) return refuse(new HangarError('not_found', { public: 'app not found' }));
  if (isHandled) return ok({ ...base, kind: 'delete-app', app: name });
  const writesMachine = method === 'POST' && below === 'machines' && deeper === undefined;
  return ok({ ...base, kind: writesMachine ? 'write-machine' : 'pass', app: name, isOpen: false });
}

/** `/v1/apps` itself: a new app, or the list of an organization's. */
function ofApps(base: Pick<Passage, 'method' | 'target'>, { query }: Target): Result<Passage, HangarError> {
  const slugs = queryValues(query, 'org_slug');
  if (base.method !== 'POST') {
    if (slugs.length === 1) return ok({ ...base, kind: 'pass', organization: slugs[0], isOpen: false });
    return refuse(new HangarError('bad_request', { public: 'org_slug is needed, once' }));
  }
  if (slugs.length === 0) return ok({ ...base, kind: 'create-app' });
  return refuse(new HangarError('bad_request', { public: 'org_slug belongs into the body' }));
}

function isOpen(method: string, segments: readonly string[]): boolean {
  return method === 'POST' && /^v1\/tokens\/(?:authenticate|authorize)$/.test(segments.join('/'));
}
