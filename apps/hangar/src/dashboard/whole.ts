import { type RequestContext, HangarError, parseStrictJson, readBody } from '@hangar/http';

/** What may be asked of a request once its body was read. */
export type Head = Pick<Request, 'method' | 'url' | 'headers'>;

/**
 * A request that came in to its last byte. Whoever is identified, and whatever is judged, is so from one of these: a
 * body may take seconds to come, and by its end a login can be over and a role can be another
 * (docs/specs/promises.md#whole-requests).
 */
export class WholeRequest {
  readonly head: Head;
  readonly door: RequestContext;
  readonly #bytes: Uint8Array;

  private constructor(head: Head, door: RequestContext, bytes: Uint8Array) {
    this.head = head;
    this.door = door;
    this.#bytes = bytes;
  }

  /**
   * Waits for the last byte.
   *
   * @throws HangarError `too_large` over the limit, `bad_request` when the body ended early
   */
  static async read(request: Request, door: RequestContext, maxBodyBytes: number): Promise<WholeRequest> {
    return new WholeRequest(request, door, await readBody(request, maxBodyBytes, door));
  }

  /** The body as strict JSON. @throws HangarError `bad_request` */
  json(): unknown {
    const parsed = parseStrictJson(this.#bytes);
    if (parsed.ok) return parsed.value;
    throw new HangarError('bad_request', { detail: `the body is not JSON: ${parsed.reason.tag}` });
  }
}
