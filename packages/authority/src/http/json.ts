import type { z } from 'zod';
import { type RequestContext, HangarError, parseStrictJson, readBody } from '@hangar/http';

/** JSON that is text already, and goes into an answer as it is. */
export class RawJson {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Writes an answer: big integers as bare digits, dates as ISO 8601, undefined members left out. */
export function writeJson(value: unknown): string {
  if (value instanceof RawJson) return value.text;
  if (value instanceof Date) return JSON.stringify(value.toISOString());
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return `[${value.map((item) => writeJson(item)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${writeJson(member)}`).join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

/** An answer of our own doors: JSON that is never stored. */
export function jsonResponse(status: number, value: unknown, headers: Record<string, string> = {}): Response {
  return new Response(writeJson(value), {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', ...headers },
  });
}

/** Reads a JSON body. Throws `unsupported_media_type`, `too_large`, or `bad_request` for what is no JSON. */
export async function readJson(request: Request, maxBytes: number, door: RequestContext): Promise<unknown> {
  const type = request.headers.get('content-type') ?? '';
  if (!/^application\/json\s*(?:;|$)/i.test(type)) throw new HangarError('unsupported_media_type');
  const parsed = parseStrictJson(await readBody(request, maxBytes, door));
  if (!parsed.ok) throw new HangarError('bad_request', { detail: parsed.reason.tag });
  const path = controlCharacterAt(parsed.value, 'body');
  if (path !== undefined) {
    throw new HangarError('invalid', {
      status: 400,
      fields: { [path]: 'control characters are not accepted' },
    });
  }
  return parsed.value;
}

/** What no name, reason or token holds, and a database would refuse: control characters and halves of surrogate pairs. */
const UNFIT = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]|\p{Surrogate}/u;

/** True when a text may be stored and shown. */
export function isFit(text: string): boolean {
  return !UNFIT.test(text);
}

function controlCharacterAt(value: unknown, path: string): string | undefined {
  if (typeof value === 'string') return isFit(value) ? undefined : path;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [name, member] of Object.entries(value)) {
    const found = isFit(name) ? controlCharacterAt(member, name) : path;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The body, or an `invalid` that names its fields. */
export function parsed<T>(schema: z.ZodType<T>, value: unknown): T {
  const outcome = schema.safeParse(value);
  if (!outcome.success) throw invalidBody(outcome.error);
  return outcome.data;
}

/** A zod refusal as an error of our doors. */
function invalidBody(error: z.ZodError): HangarError {
  const faults = error.issues.slice(0, 20).map((issue) => [issue.path.join('.') || 'body', issue.message]);
  return invalid(Object.fromEntries(faults) as Record<string, string>);
}

/** A refusal that names fields. */
export function invalid(fields: Record<string, string>): HangarError {
  return new HangarError('invalid', { status: 400, fields });
}
