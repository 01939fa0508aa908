import { refuse, ok, type Result } from '@hangar/http';
import { FORMS, type Form, type Route, type Unfit } from './route.ts';
import { formatTarget, type Target } from './target.ts';

/** One segment of a pattern: a word, or a parameter with its form. */
type Part = string | { readonly parameter: string; readonly form: Form };

/** A row with its pattern cut into parts. */
export interface CompiledRoute {
  readonly route: Route;
  readonly parts: readonly Part[];
}

/** A row and the parameters of a path under it. */
export interface Match {
  readonly compiled: CompiledRoute;
  readonly params: Readonly<Record<string, string>>;
}

/** The table of routes, read once: a request looks only at the rows of its method and of its number of segments. */
export class RouteTable {
  readonly #rows = new Map<string, CompiledRoute[]>();

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      const parts = route.pattern.slice(1).split('/').map(partOf);
      const key = keyOf(route.method, parts.length);
      this.#rows.set(key, [...(this.#rows.get(key) ?? []), { route, parts }]);
    }
  }

  /** Undefined for a path that no row has; a refusal where only the form of a parameter is wrong. */
  find(
    method: string,
    segments: readonly string[],
  ): Result<Match, { readonly route: Route; readonly unfit: Unfit }> | undefined {
    let first: { readonly route: Route; readonly unfit: Unfit } | undefined;
    for (const compiled of this.#rows.get(keyOf(method, segments.length)) ?? []) {
      const fit = fits(compiled.parts, segments);
      if (fit === undefined) continue;
      if (fit.ok) return ok({ compiled, params: fit.value });
      first ??= { route: compiled.route, unfit: fit.reason };
    }
    return first && refuse(first);
  }
}

/** The target for upstream, from the parts of the pattern and parameters that had their forms. */
export function writeTarget(
  { parts }: CompiledRoute,
  params: Readonly<Record<string, string>>,
  query: Target['query'],
): string {
  const segments = parts.map((part) => (typeof part === 'string' ? part : (params[part.parameter] ?? '')));
  return formatTarget({ segments, query });
}

function keyOf(method: string, segments: number): string {
  return `${method} ${segments}`;
}

function partOf(text: string): Part {
  if (!text.startsWith('{')) return text;
  const parameter = text.slice(1, -1);
  const form = FORMS[parameter];
  if (form === undefined) throw new TypeError(`the parameter ${parameter} has no form`);
  return { parameter, form };
}

function fits(
  parts: readonly Part[],
  segments: readonly string[],
): Result<Record<string, string>, Unfit> | undefined {
  const params: Record<string, string> = {};
  let unfit: Unfit | undefined;
  for (const [index, part] of parts.entries()) {
    const segment = segments[index] ?? '';
    if (typeof part === 'string') {
      if (part !== segment) return undefined;
    } else if (part.form.fits(segment)) {
      params[part.parameter] = segment;
    } else {
      unfit ??= { parameter: part.parameter, rule: part.form.rule };
    }
  }
  return unfit ? refuse(unfit) : ok(params);
}
