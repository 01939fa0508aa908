import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';

type Source = Uint8Array | ArrayBuffer | string;

/** SHA-256 in the form that @smithy/signature-v4 wants: plain without a secret, HMAC with one. */
export class NodeSha256 {
  #hash: Hash | Hmac;
  readonly #secret: Source | undefined;

  constructor(secret?: unknown) {
    this.#secret = secret === undefined ? undefined : bytesOf(secret as Source);
    this.#hash = this.#fresh();
  }

  update(data: Uint8Array): void {
    this.#hash.update(data);
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    this.#hash = this.#fresh();
  }

  #fresh(): Hash | Hmac {
    return this.#secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(this.#secret));
  }
}

function bytesOf(source: Source): Uint8Array {
  if (typeof source === 'string') return Buffer.from(source, 'utf8');
  if (source instanceof Uint8Array) return source;
  return new Uint8Array(source);
}
