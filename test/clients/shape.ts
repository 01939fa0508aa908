/** What an answer consists of: a kind, or the shapes of members, or the one shape that all entries of a list have in common. */
export type Shape = string | { readonly [name: string]: Shape } | readonly [] | readonly [Shape];

/** The shape of JSON. Null fits any kind: whether something is there depends on the moment. */
export function shapeOf(value: unknown): Shape {
  if (value === null || value === undefined) return 'any';
  if (Array.isArray(value)) {
    const shapes = value.map(shapeOf);
    const [first, ...rest] = shapes;
    return first === undefined ? [] : [rest.reduce(inCommon, first)];
  }
  if (typeof value !== 'object') return typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shapeOf(member)]));
}

/** What is missing in `found` of what `wanted` says, by paths. */
export function missing(wanted: Shape, found: Shape, path = ''): string[] {
  if (wanted === 'any' || found === 'any') return [];
  if (typeof wanted === 'string') return wanted === found ? [] : [`${path || '.'} is no ${wanted}`];
  if (Array.isArray(wanted)) {
    if (!Array.isArray(found)) return [`${path || '.'} is no list`];
    const [one, other] = [wanted[0] as Shape | undefined, found[0] as Shape | undefined];
    return one === undefined || other === undefined ? [] : missing(one, other, `${path}[]`);
  }
  if (typeof found === 'string' || Array.isArray(found)) return [`${path || '.'} is no object`];
  const members = found as Readonly<Record<string, Shape>>;
  return Object.entries(wanted).flatMap(([name, shape]) => {
    const member = members[name];
    return member === undefined ? [`${path}.${name} is missing`] : missing(shape, member, `${path}.${name}`);
  });
}

function inCommon(one: Shape, other: Shape): Shape {
  if (one === 'any') return other;
  if (other === 'any' || typeof one === 'string') return one;
  if (typeof other === 'string') return 'any';
  if (Array.isArray(one) || Array.isArray(other)) {
    if (!Array.isArray(one) || !Array.isArray(other)) return 'any';
    const [a, b] = [one[0] as Shape | undefined, other[0] as Shape | undefined];
    return a === undefined ? other : b === undefined ? one : [inCommon(a, b)];
  }
  const others = other as Readonly<Record<string, Shape>>;
  return Object.fromEntries(
    Object.entries(one).flatMap(([name, shape]) => {
      const twin = others[name];
      return twin === undefined ? [] : [[name, inCommon(shape, twin)]];
    }),
  );
}
