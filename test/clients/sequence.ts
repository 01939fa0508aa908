import {
  Kind,
  parse,
  print,
  stripIgnoredCharacters,
  visit,
  type FragmentDefinitionNode,
  type SelectionNode,
} from 'graphql';
import { jsonOf, type ClientDoor, type Passed } from './stage.ts';
import { shapeOf, type Shape } from './shape.ts';

/** A request as data: what a client sends, and what it must get back. A `{{n}}` stands for a text of an earlier answer. */
export interface Step {
  readonly door: ClientDoor;
  readonly method: string;
  readonly path: string;
  /** How the token comes: its scheme word. Absent: no token. */
  readonly scheme?: string;
  readonly nonce?: string;
  readonly body?: unknown;
  readonly status: number;
  readonly answer: Shape;
  /** Texts that later requests use, by their number, with their path in the answer. */
  readonly keeps?: Readonly<Record<string, string>>;
}

/** A line, or a call, and what passed between it and the stage. */
export interface LineOutcome {
  readonly line: string;
  readonly passed: readonly Passed[];
}

/** What one line sends. */
export interface Sequence {
  readonly line: string;
  readonly steps: readonly Step[];
}

/** Texts that a world makes up are longer than any word of a protocol. */
const SHORTEST_MADE_UP = 10;

/**
 * Turns what has passed into data that works in any world. A question that is repeated with nothing in between is asked once, and what an
 * answer made up is named where a later request uses it.
 */
export function sequencesOf(outcomes: readonly LineOutcome[]): Sequence[] {
  const seen = new Map<string, { step: number; path: string }>();
  const names = new Map<string, string>();
  const keeps = new Map<number, Record<string, string>>();
  let count = 0;

  const named = (text: string): string => {
    let out = text;
    for (const [made, where] of [...seen].toSorted(([a], [b]) => b.length - a.length)) {
      if (!out.includes(made)) continue;
      const name = names.get(made) ?? String(names.size);
      if (!names.has(made)) {
        names.set(made, name);
        keeps.set(where.step, { ...keeps.get(where.step), [name]: where.path });
      }
      out = out.replaceAll(made, `{{${name}}}`);
    }
    return out;
  };

  const numbered = outcomes.map(({ line, passed }) => {
    let last = '';
    let ended = '';
    const steps = passed.flatMap((one) => {
      // flyctl gives back the lease of a machine that it has just destroyed. Whether there still is one is a matter of the moment.
      const path = one.path.split('?')[0] ?? '';
      if (one.method === 'DELETE' && ended !== '' && path === `${ended}/lease`) return [];
      if (one.method === 'DELETE' && /\/machines\/[^/]+$/.test(path)) ended = path;
      const same = `${one.door} ${one.method} ${one.path} ${one.body} ${one.status}`;
      const repeated = same === last && (one.method === 'GET' || one.path === '/graphql');
      last = same;
      if (repeated) return [];
      const number = count++;
      const step = stepOf(one, named);
      for (const [text, path] of textsOf(jsonOf(one.answer))) {
        if (!seen.has(text) && isMadeUp(text)) seen.set(text, { step: number, path });
      }
      return [{ number, step }];
    });
    return { line, steps };
  });
  return numbered.map(({ line, steps }) => ({
    line,
    steps: steps.map(({ number, step }) => {
      const kept = keeps.get(number);
      return kept === undefined ? step : { ...step, keeps: kept };
    }),
  }));
}

function stepOf(
  { door, method, path, headers, body, status, answer }: Passed,
  named: (text: string) => string,
): Step {
  const scheme = headers.get('authorization')?.split(' ')[0];
  const nonce = headers.get('fly-machine-lease-nonce');
  return {
    door,
    method,
    path: named(path),
    ...(scheme === undefined || scheme === '' ? {} : { scheme }),
    nonce: nonce === null ? undefined : named(nonce),
    ...(body === '' ? {} : { body: JSON.parse(named(JSON.stringify(bodyOf(path, body)))) as unknown }),
    status,
    answer: shapeOf(jsonOf(answer)),
  };
}

/** A document is data too: which fields are asked for, not how somebody wrote them down. */
function bodyOf(path: string, text: string): unknown {
  const body = jsonOf(text);
  if (path !== '/graphql' || typeof body !== 'object' || body === null || !('query' in body)) return body;
  return { ...body, query: canonical(String(body.query)) };
}

/** A document with its fragments in their places and its fields in the order of the alphabet. */
export function canonical(query: string): string {
  const document = parse(query);
  const fragments = new Map(
    document.definitions
      .filter((one): one is FragmentDefinitionNode => one.kind === Kind.FRAGMENT_DEFINITION)
      .map((one) => [one.name.value, one]),
  );
  const inlined = visit(
    { ...document, definitions: document.definitions.filter((one) => one.kind !== Kind.FRAGMENT_DEFINITION) },
    {
      SelectionSet: {
        enter: (node) => ({ ...node, selections: flat(node.selections, fragments) }),
        leave: (node) => ({
          ...node,
          selections: [...new Map(node.selections.map((one) => [print(one), one])).entries()]
            .toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
            .map(([, one]) => one),
        }),
      },
    },
  );
  return stripIgnoredCharacters(print(inlined));
}

function flat(
  selections: readonly SelectionNode[],
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): SelectionNode[] {
  return selections.flatMap((one) => {
    if (one.kind !== Kind.FRAGMENT_SPREAD) return [one];
    const fragment = fragments.get(one.name.value);
    return fragment ? flat(fragment.selectionSet.selections, fragments) : [];
  });
}

/** Every text of an answer, with its path. */
function* textsOf(value: unknown, path: readonly string[] = []): Generator<readonly [string, string]> {
  if (typeof value === 'string') yield [value, path.join('.')];
  else if (typeof value === 'object' && value !== null)
    for (const [name, member] of Object.entries(value)) yield* textsOf(member, [...path, name]);
}

/** Ids, nonces, addresses, digests and bytes in base64: long, without spaces, and with a digit in them. Instants are none. */
function isMadeUp(text: string): boolean {
  const single = /^(?:[\w.:@-]+|[\w+/]+={0,2})$/.test(text) && /\d/.test(text);
  return single && text.length >= SHORTEST_MADE_UP && !/^\d{4}-\d\d-\d\dT/.test(text);
}
