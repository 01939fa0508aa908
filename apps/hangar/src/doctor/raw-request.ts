import type { RefusedRequest } from '@hangar/security';

/** The end of the head: a line that is empty, with whichever line ends. */
const HEAD_END = /\r?\n\r?\n/;
const FIRST_LINE = /^([A-Z]+) (\S+)(?: HTTP\/1\.[01])?$/;

/**
 * Reads a request as it is written on the wire: first line, headers, an empty line, the body. With a `Content-Length` the body ends
 * there, so that the line end which an editor adds does not count. Undefined when it is none.
 */
export function readRawRequest(bytes: Uint8Array): RefusedRequest | undefined {
  // One character for each byte, so that places in the text are places in the bytes.
  const text = Buffer.from(bytes).toString('latin1');
  const end = HEAD_END.exec(text);
  const head = (end === null ? text : text.slice(0, end.index)).split(/\r?\n/).filter((line) => line !== '');
  const [first = '', ...lines] = head;
  const [, method, target] = FIRST_LINE.exec(first) ?? [];
  if (method === undefined || target === undefined) return undefined;
  const headers = new Headers();
  for (const line of lines) {
    const at = line.indexOf(':');
    if (at < 1) return undefined;
    try {
      headers.append(line.slice(0, at), line.slice(at + 1).trim());
    } catch {
      return undefined;
    }
  }
  const body = end === null ? new Uint8Array() : bytes.subarray(end.index + end[0].length);
  const length = headers.get('content-length');
  return {
    method,
    target,
    headers,
    body: length !== null && /^\d+$/.test(length) ? body.subarray(0, Number(length)) : body,
  };
}
