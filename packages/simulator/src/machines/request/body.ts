import { readBody, type SchemaName } from '@hangar/flyio/bodies';
import { isObject, type JsonObject } from '../../world/json.ts';
import { foldBody } from './fold.ts';
import { invalidArgument } from './refusal.ts';
import { unknownWords } from './words.ts';

/** The JSON object of a request; an empty body is an empty object. Throws a 400 refusal for anything else. */
export async function jsonOf(request: Request): Promise<JsonObject> {
  const text = await request.text();
  if (text.trim() === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalidArgument('unable to parse request body as JSON');
  }
  if (!isObject(value))
    throw invalidArgument(
      `json: cannot unmarshal ${Array.isArray(value) ? 'array' : typeof value} into object`,
    );
  return value;
}

/**
 * The body of a request as the Machines API reads it: decoded without regard to case, unknown names dropped, every leaf of its type and
 * one of the words that it takes. Throws a 400 refusal that names the first member that is not.
 */
export async function bodyAs(request: Request, schema: SchemaName): Promise<JsonObject> {
  return checkedBody(schema, await jsonOf(request));
}

/** The same for a whole body that came another way. */
export function checkedBody(schema: SchemaName, body: JsonObject): JsonObject {
  return checked(schema, foldBody(schema, body));
}

/** The same for members that are spelt as they should be. */
export function checked(schema: SchemaName, body: JsonObject): JsonObject {
  const { value, faults } = readBody(schema, body, { look: unknownWords });
  const [first] = faults;
  if (first) throw invalidArgument(`${first.path}: ${first.fault}`);
  return { ...value };
}

/** A member that must be text; null and "" count as absent, because fly-go sends both for unset fields. */
export function textOf(body: JsonObject, name: string): string | undefined {
  const value = body[name];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw invalidArgument(`${name} must be a string`);
  return value;
}

/** A member that must be a whole number; null counts as absent. */
export function numberOf(body: JsonObject, name: string): number | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value))
    throw invalidArgument(`${name} must be an integer`);
  return value;
}

/** A member that must be true or false; null counts as absent. */
export function flagOf(body: JsonObject, name: string): boolean | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'boolean') throw invalidArgument(`${name} must be a boolean`);
  return value;
}

/** Milliseconds of a Go duration: text such as `1m30s`, text of bare seconds, or a number of nanoseconds. Undefined for anything else. */
export function durationOf(value: unknown): number | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'number') return value / 1_000_000;
  if (typeof value !== 'string') return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000;
  if (!/^(\d+(\.\d+)?(h|m|s|ms|us|ns))+$/.test(value)) return undefined;
  const units = { h: 3_600_000, m: 60_000, s: 1000, ms: 1, us: 0.001, ns: 0.000001 } as const;
  let total = 0;
  for (const [, amount, unit] of value.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|us|ns)/g)) {
    total += Number(amount) * units[unit as keyof typeof units];
  }
  return total;
}
