import { XMLBuilder, XMLParser } from 'fast-xml-parser';

/** What an XML document is made of here: text, or elements by name; a list where an element may repeat. */
export type XmlElement = Readonly<Record<string, unknown>>;

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** Lists keep their form with one member too. */
const LISTS: ReadonlySet<string> = new Set([
  'Object',
  'Part',
  'Tag',
  'Rule',
  'CORSRule',
  'AllowedOrigin',
  'AllowedMethod',
  'AllowedHeader',
  'ExposeHeader',
]);

const NAMED: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

/**
 * What a reader would not give back as it was written: markup, control characters, and the two line ends that XML 1.1 and some
 * parsers of 1.0 turn into a line feed. The names of the five are shorter than their numbers; the rest has no name.
 */
const UNSAFE = /[&<>"'\p{Cc}\u2028\uFFFE\uFFFF]/gu;

const builder = new XMLBuilder({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  suppressEmptyNode: false,
  // The library knows the five names but no numbers.
  processEntities: false,
  tagValueProcessor: (_name, value) => String(value).replace(UNSAFE, referenceTo),
});

const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  trimValues: false,
  isArray: (name) => LISTS.has(name),
  // The library's own decoder leaves unknown references as they are and drops some characters: a key that is deleted must be the
  // key that was written, or nothing.
  entityDecoder: {
    setExternalEntities: () => undefined,
    addInputEntities: () => undefined,
    reset: () => undefined,
    setXmlVersion: () => undefined,
    decode: (text) => text.replace(/&([^;]*);?/g, resolved),
  },
});

/** An XML document with that root; a member that is a list becomes one element each. */
export function xmlOf(root: string, content: Record<string, unknown> | string, namespace?: string): string {
  const attributes = namespace === undefined ? {} : { '@xmlns': namespace };
  const inside = typeof content === 'string' ? { '#text': content } : content;
  return DECLARATION + builder.build({ [root]: { ...attributes, ...inside } });
}

/**
 * The root element of that name; undefined when the bytes are no XML document in UTF-8 with such a root, or when it declares a
 * document type, which no S3 client does.
 */
export function readXml(bytes: Uint8Array, root: string): XmlElement | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (/<!DOCTYPE/i.test(text)) return undefined;
    const value: unknown = parser.parse(text, true);
    return isElement(value) ? elementOf(value[root]) : undefined;
  } catch {
    return undefined;
  }
}

/** The elements of that name inside another one; undefined when there is none, or one that holds no elements. */
export function elementsOf(element: XmlElement | undefined, name: string): XmlElement[] | undefined {
  const list = element?.[name];
  if (!Array.isArray(list)) return undefined;
  const elements = list.map(elementOf).filter((one) => one !== undefined);
  return elements.length === list.length ? elements : undefined;
}

/** The text of the one element of that name; undefined when there is none, several, or one with elements inside. */
export function textIn(element: XmlElement, name: string): string | undefined {
  const value = element[name];
  return typeof value === 'string' ? value : undefined;
}

/** The texts of all elements of that name; one that has elements inside counts as none. */
export function textsIn(element: XmlElement, name: string): string[] {
  const value = element[name];
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

function elementOf(value: unknown): XmlElement | undefined {
  return isElement(value) ? value : undefined;
}

function isElement(value: unknown): value is XmlElement {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function referenceTo(character: string): string {
  for (const [name, meant] of NAMED) if (meant === character) return `&${name};`;
  return `&#x${(character.codePointAt(0) ?? 0).toString(16).toUpperCase()};`;
}

/**
 * XML 1.0, 4.1: a number or one of five names. More numbers than there are allowed, because S3 itself names keys with control
 * characters so; what is no character at all is refused, as is a `&` that begins no reference.
 */
function resolved(reference: string, body: string): string {
  const number = /^#(?:x([0-9a-fA-F]+)|([0-9]+))$/.exec(body);
  const code = number ? Number.parseInt(number[1] ?? number[2] ?? '', number[1] === undefined ? 10 : 16) : 0;
  const isCharacter = code > 0 && code <= 0x10_ff_ff && !(code >= 0xd8_00 && code <= 0xdf_ff);
  const meant = isCharacter ? String.fromCodePoint(code) : NAMED.get(body);
  if (meant === undefined || !reference.endsWith(';')) throw new SyntaxError(`${reference} is no reference`);
  return meant;
}

/** The namespace of S3 answers. */
export const S3_NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';
