/**
 * JSON between a process and its issuer, with the three things that JSON lacks: whole numbers of any size,
 * instants and bytes, each as an object with one member that nothing else here is called.
 */
export function pack(value: unknown): string {
  return JSON.stringify(tagged(value));
}

/** Reads what {@link pack} wrote. What comes out is still to be checked against a schema. */
export function unpack(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(unpack);
  if (typeof json !== 'object' || json === null) return json;
  const members = Object.entries(json);
  const [only] = members;
  if (members.length === 1 && only !== undefined && typeof only[1] === 'string') {
    const [tag, text] = only;
    if (tag === '$n' && /^-?\d{1,20}$/.test(text)) return BigInt(text);
    if (tag === '$t') return new Date(text);
    if (tag === '$b') return new Uint8Array(Buffer.from(text, 'base64'));
  }
  return Object.fromEntries(members.map(([name, member]) => [name, unpack(member)]));
}

// JSON.stringify asks a Date for its text before a replacer sees it, so the tree is walked here.
function tagged(value: unknown): unknown {
  if (typeof value === 'bigint') return { $n: String(value) };
  if (value instanceof Date) return { $t: value.toISOString() };
  if (value instanceof Uint8Array) return { $b: Buffer.from(value).toString('base64') };
  if (Array.isArray(value)) return value.map(tagged);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, tagged(member)]));
}
