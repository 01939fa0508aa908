/**
 * As much of a WebAssembly assembler as the two kernels need: expressions are lists of bytes, built from the inside out.
 * The module is made from this source when it is first needed, so there is no binary to trust.
 */
export type Code = readonly (number | Code)[];

/** The bytes of an expression, in order. Only here is anything copied: expressions share their parts. */
function bytesOf(code: Code, bytes: number[] = []): number[] {
  for (const part of code) {
    if (typeof part === 'number') bytes.push(part);
    else bytesOf(part, bytes);
  }
  return bytes;
}

const unsignedLeb = (value: number): number[] => {
  const bytes: number[] = [];
  for (;;) {
    const low = value & 0x7f;
    value >>>= 7;
    if (value === 0) return [...bytes, low];
    bytes.push(low | 0x80);
  }
};

const signedLeb = (value: bigint): number[] => {
  const bytes: number[] = [];
  for (;;) {
    const low = Number(value & 0x7fn);
    value >>= 7n;
    const done = (value === 0n && (low & 0x40) === 0) || (value === -1n && (low & 0x40) !== 0);
    if (done) return [...bytes, low];
    bytes.push(low | 0x80);
  }
};

const binary =
  (opcode: number) =>
  (first: Code, ...rest: readonly Code[]): Code => [first, ...rest.flatMap((right) => [right, opcode])];
const memory = (opcode: number, align: number) => ({
  load: (address: Code, offset = 0): Code => [address, opcode, align, unsignedLeb(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [
    address,
    value,
    opcode,
    align,
    unsignedLeb(offset),
  ],
});

/** 32-bit instructions. Alignment is declared as 1: addresses come from anywhere in a token. */
export const i32 = {
  const: (value: number): Code => [0x41, ...signedLeb(BigInt(value | 0))],
  add: binary(0x6a),
  sub: binary(0x6b),
  and: binary(0x71),
  or: binary(0x72),
  xor: binary(0x73),
  shl: binary(0x74),
  shiftRight: binary(0x76),
  rotateLeft: binary(0x77),
  rotateRight: binary(0x78),
  lessUnsigned: binary(0x49),
  load: memory(0x28, 0).load,
  loadByte: memory(0x2d, 0).load,
  store: memory(0x36, 0).store,
  storeByte: memory(0x3a, 0).store,
  isZero: (value: Code): Code => [value, 0x45],
} as const;

/** 64-bit instructions, for the carries of Poly1305. */
export const i64 = {
  const: (value: bigint): Code => [0x42, ...signedLeb(value)],
  add: binary(0x7c),
  sub: binary(0x7d),
  multiply: binary(0x7e),
  and: binary(0x83),
  or: binary(0x84),
  xor: binary(0x85),
  shl: binary(0x86),
  shiftRight: binary(0x88),
  shiftRightSigned: binary(0x87),
  load: memory(0x29, 0).load,
  store: memory(0x37, 0).store,
  /** 32 bits of memory as an unsigned 64-bit value. */
  load32: memory(0x35, 0).load,
  /** The low 32 bits into memory. */
  store32: memory(0x3e, 0).store,
} as const;

/** Reads a local, sets one, calls a function by number, copies and fills memory. */
export const get = (local: number): Code => [0x20, unsignedLeb(local)];
export const set = (local: number, value: Code): Code => [value, 0x21, unsignedLeb(local)];
export const call = (index: number, ...args: readonly Code[]): Code => [args, 0x10, unsignedLeb(index)];
export const copy = (to: Code, from: Code, length: Code): Code => [to, from, length, 0xfc, 0x0a, 0, 0];
export const fill = (at: Code, value: Code, length: Code): Code => [at, value, length, 0xfc, 0x0b, 0];

/** Runs the body as long as the condition holds, tested first. */
export const whileLoop = (condition: Code, ...body: readonly Code[]): Code => [
  // A block around a loop: the branch out of it, the branch back, and their two ends.
  [0x02, 0x40, 0x03, 0x40],
  i32.isZero(condition),
  [0x0d, 1],
  body,
  [0x0c, 0, 0x0b, 0x0b],
];

/** One of two bodies, the first where the condition is zero. */
export const whenNot = (condition: Code, zero: Code, other: Code): Code => [
  i32.isZero(condition),
  [0x04, 0x40],
  zero,
  [0x05],
  other,
  [0x0b],
];

/** One function: how many i32 parameters, how many further i32 and i64 locals, and its instructions. */
export interface FunctionSource {
  readonly name: string;
  readonly parameters: number;
  readonly words: number;
  readonly longs: number;
  readonly returnsWord: boolean;
  readonly body: readonly Code[];
}

const sized = (content: Code): Code => {
  const bytes = bytesOf(content);
  return [unsignedLeb(bytes.length), bytes];
};
const section = (id: number, content: Code): Code => [id, sized(content)];
const vector = (items: readonly Code[]): Code => [unsignedLeb(items.length), items];
const text = (value: string): Code => sized(Array.from(value, (c) => c.charCodeAt(0)));

/** The module: these functions and a memory of its own, all exported by name. */
export function assemble(functions: readonly FunctionSource[], pages: number): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ parameters, returnsWord }): Code => [
    0x60,
    vector(Array.from({ length: parameters }, () => [0x7f])),
    returnsWord ? [1, 0x7f] : [0],
  ]);
  const bodies = functions.map(({ words, longs, body }): Code => {
    const locals = [
      ...(words > 0 ? [[unsignedLeb(words), 0x7f]] : []),
      ...(longs > 0 ? [[unsignedLeb(longs), 0x7e]] : []),
    ];
    return sized([vector(locals), body, 0x0b]);
  });
  const exports = functions.map(({ name }, index): Code => [text(name), 0, unsignedLeb(index)]);
  return Uint8Array.from(
    bytesOf([
      [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      section(1, vector(types)),
      section(3, vector(functions.map((_, index) => unsignedLeb(index)))),
      section(5, vector([[0, unsignedLeb(pages)]])),
      section(7, vector([...exports, [text('memory'), 2, 0]])),
      section(10, vector(bodies)),
    ]),
  );
}
