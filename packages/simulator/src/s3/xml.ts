import { XMLBuilder, XMLParser } from 'fast-xml-parser';

const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** Lists keep their form with one member too. */
const lists: ReadonlySet<string> = new Set(['Object', 'Part']);

const builder = new XMLBuilder({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  suppressEmptyNode: false,
});

const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  trimValues: false,
  isArray: (name) => lists.has(name),
});

/** An XML document with that root; a member that is a list becomes one element each. */
export function xmlOf(root: string, content: Record<string, unknown>, namespace?: string): string {
  const attributes = namespace === undefined ? {} : { '@xmlns': namespace };
  return declaration + builder.build({ [root]: { ...attributes, ...content } });
}

/** Reads an XML document; undefined when it is none, or when it declares entities, which no S3 client does. Elements are text, objects, or lists for `Object` and `Part`. */
export function readXml(text: string): Record<string, unknown> | undefined {
  if (/<!DOCTYPE/i.test(text)) return undefined;
  try {
    const value: unknown = parser.parse(text, true);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** The namespace of S3 answers. */
export const s3Namespace = 'http://s3.amazonaws.com/doc/2006-03-01/';
