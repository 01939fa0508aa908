import { HangarError, ok, refuse, type Result } from '@hangar/http';
import type { Fault } from '@hangar/flyio';
import { invalidFields } from '../rules/body-rules.ts';
import type { Route, Unfit } from './route.ts';
import { RouteTable, writeTarget, type Match } from './route-table.ts';
import { routes } from './routes.ts';
import { parseTarget, type Target, type TargetReason } from './target.ts';

/** What a plan holds. */
interface Planned extends Match {
  readonly query: Target['query'];
}

const TABLE = new RouteTable(routes);

let make: (planned: Planned) => RequestPlan;

/**
 * A request that has a row in the table, with parameters of the right form: the first step of the pipeline. Only
 * {@link planRequest} makes one. Nothing is known yet about who sent it, and its body has not come.
 */
export class RequestPlan {
  readonly #planned: Planned;

  private constructor(planned: Planned) {
    this.#planned = planned;
  }

  static {
    make = (planned) => new RequestPlan(planned);
  }

  get route(): Route {
    return this.#planned.compiled.route;
  }

  get params(): Readonly<Record<string, string>> {
    return this.#planned.params;
  }

  /** Every parameter is one that the row knows; others were refused. */
  get query(): Target['query'] {
    return this.#planned.query;
  }

  /** The target for upstream: never a copy of what came, always the pattern filled with checked values. */
  upstreamTarget(): string {
    const { compiled, params, query } = this.#planned;
    return writeTarget(compiled, params, query);
  }
}

/**
 * Parses and routes. A target with two readings is 400, one that is not in the table is 404, and a parameter that the
 * row does not know, or that has an impossible value, is 422 by its name.
 */
export function planRequest(method: string, rawTarget: string): Result<RequestPlan, HangarError> {
  const target = parseTarget(rawTarget);
  if (!target.ok) return refuse(targetError(target.reason));
  // HEAD is GET without the body (RFC 9110, 9.3.2); the body is taken away at the end.
  const found = TABLE.find(method === 'HEAD' ? 'GET' : method, target.value.segments);
  if (!found) return refuse(new HangarError('not_found', { detail: 'no route' }));
  if (!found.ok) return refuse(unfitError(found.reason.route, found.reason.unfit));
  const { query } = target.value;
  const faults = queryFaults(found.value.compiled.route, query);
  const { compiled, params } = found.value;
  return faults ? refuse(faults) : ok(make({ compiled, params, query }));
}

/** A name that is to be written is told what is wrong with it; where it is only looked for, it cannot exist. */
function unfitError(route: Route, { parameter, rule }: Unfit): HangarError {
  const written = (parameter === 'secret' || parameter === 'key') && route.method === 'POST';
  if (written) return invalidFields([{ path: parameter, fault: rule }]);
  const detail = `${parameter} in the path: ${rule}`;
  // Clients look for these words (docs/specs/platform.md#words-that-clients-look-for).
  const told = ['app', 'machine', 'volume'].includes(parameter) ? { public: `${parameter} not found` } : {};
  return new HangarError('not_found', { detail, ...told });
}

function queryFaults(route: Route, query: Target['query']): HangarError | undefined {
  const faults: Fault[] = [];
  const seen = new Set<string>();
  for (const [name, value] of query) {
    const parameter = route.query.find((each) => each.takes(name));
    if (!parameter) {
      const known = route.query.map((each) => each.shown).join(', ');
      faults.push({
        path: name,
        fault: `unknown query parameter; expected ${known === '' ? 'none' : known}`,
      });
    } else if (parameter.once === true && seen.has(name)) {
      faults.push({ path: name, fault: 'was given twice' });
    } else {
      const fault = parameter.fault?.(value);
      if (fault !== undefined) faults.push({ path: name, fault });
    }
    seen.add(name);
  }
  return faults.length === 0 ? undefined : invalidFields(faults);
}

/** A target that was not read, as its sender hears of it. */
export function targetError(reason: TargetReason): HangarError {
  switch (reason.tag) {
    case 'root':
      return new HangarError('not_found', {
        public: 'this is a Hangar gateway: the Machines API is at /v1, its own routes are at /hangar/v1',
      });
    case 'slash_at_end':
      return new HangarError('not_found', { public: 'not found; no path here ends with a slash' });
    default:
      return new HangarError('bad_request', {
        public: 'the path or query could not be read',
        detail: reason.tag,
      });
  }
}
