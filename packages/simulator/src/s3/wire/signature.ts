import { splitTarget } from '@hangar/http';
import { sameBytes } from '@hangar/security';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Simulation } from '../../simulation.ts';
import type { AccessKey } from '../../world/storage.ts';
import { NodeSha256 } from './hash.ts';
import { S3Refusal } from './refusal.ts';

/** Whose signature it is. The admin key passes every policy. */
export type Signer = { readonly admin: true } | { readonly admin: false; readonly key: AccessKey };

/** A verified request: who, and what the signature says about the body. */
export interface Verified {
  readonly signer: Signer;
  /** `x-amz-content-sha256` as it was signed: a digest, or one of the words for bodies that are not covered. */
  readonly payloadHash: string;
  /** Signatures of chunks begin where that of the request ends. */
  readonly chain: SignatureChain;
}

/** The chain of signatures of a body that is sent in signed chunks. */
export interface SignatureChain {
  readonly seed: string;
  /** The signature that follows `previous`, over digests in hex. */
  next(algorithm: string, previous: string, digests: readonly string[]): Promise<string>;
}

interface Claim {
  readonly keyId: string;
  readonly region: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly signedAt: Date;
  /** `x-amz-date` and the credential scope, as they were written. */
  readonly stamp: string;
  readonly scope: string;
  readonly presignedSeconds?: number;
}

/** Clocks may differ by this much (docs/specs/platform.md#what-s3-clients-send). */
const SKEW_MS = 15 * 60 * 1000;
const LONGEST_PRESIGN_SECONDS = 7 * 86_400;
const UNSIGNED = 'UNSIGNED-PAYLOAD';

const PRESIGN_PARAMETERS: ReadonlySet<string> = new Set([
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Date',
  'X-Amz-Expires',
  'X-Amz-SignedHeaders',
  'X-Amz-Signature',
]);

/**
 * Verifies Signature Version 4 by signing the request again with the key's secret, with the library that the AWS SDK itself uses, and
 * comparing. Header and query form. Throws S3Refusal with the code that S3 would answer.
 */
export async function verifySignatureV4(
  simulation: Simulation,
  service: 's3' | 'iam',
  request: { method: string; rawTarget: string; headers: Headers; body: Uint8Array },
): Promise<Verified> {
  const { path, query: queryText } = splitTarget(request.rawTarget);
  const query = queryOf(queryText);
  if (query['AWSAccessKeyId'] !== undefined && query['Signature'] !== undefined) throw unsupported();
  const presigned = query['X-Amz-Signature'] !== undefined;
  const claim = presigned ? queryClaim(query, service) : headerClaim(request.headers, service);
  checkTime(simulation, claim);
  const { signer, secret } = identity(simulation, claim.keyId);

  const headers: Record<string, string> = {};
  for (const name of claim.signedHeaders) headers[name] = request.headers.get(name) ?? '';
  const again = new SignatureV4({
    service,
    region: claim.region,
    credentials: { accessKeyId: claim.keyId, secretAccessKey: secret },
    sha256: NodeSha256,
    uriEscapePath: service !== 's3',
    applyChecksum: false,
  });
  const chain: SignatureChain = {
    seed: claim.signature,
    next: async (algorithm, previous, digests) =>
      await again.sign([algorithm, claim.stamp, claim.scope, previous, ...digests].join('\n'), {
        signingDate: claim.signedAt,
      }),
  };
  const plain = Object.fromEntries(Object.entries(query).filter(([name]) => !PRESIGN_PARAMETERS.has(name)));
  const target = {
    method: request.method,
    protocol: 'http:',
    hostname: '127.0.0.1',
    path,
    query: plain,
    headers,
  };
  const signedHeaders = new Set(claim.signedHeaders);

  if (presigned) {
    const inQuery = Object.keys(plain).find((name) => name.toLowerCase() === 'x-amz-content-sha256');
    const payloadHash = String(
      (inQuery && plain[inQuery]) ?? request.headers.get('x-amz-content-sha256') ?? UNSIGNED,
    );
    if (inQuery !== undefined) delete plain[inQuery];
    const hashHeader = inQuery ?? 'x-amz-content-sha256';
    const signed = await again.presign(
      { ...target, headers: { ...headers, [hashHeader]: payloadHash } },
      {
        signingDate: claim.signedAt,
        expiresIn: claim.presignedSeconds ?? 0,
        signableHeaders: signedHeaders,
        unhoistableHeaders: inQuery === undefined ? new Set([...signedHeaders, hashHeader]) : signedHeaders,
        unsignableHeaders: new Set(signedHeaders.has(hashHeader) ? [] : [hashHeader]),
      },
    );
    compare(String(signed.query?.['X-Amz-Signature'] ?? ''), claim.signature);
    return { signer, payloadHash, chain };
  }

  const body = claim.signedHeaders.includes('x-amz-content-sha256') ? undefined : request.body;
  const signed = await again.sign(
    { ...target, body },
    { signingDate: claim.signedAt, signableHeaders: signedHeaders },
  );
  compare(/Signature=([0-9a-f]{64})/.exec(signed.headers['authorization'] ?? '')?.[1] ?? '', claim.signature);
  return { signer, payloadHash: headers['x-amz-content-sha256'] ?? '', chain };
}

/**
 * Whose form it is: its policy, as text, is what is signed, with the key that the fields name. Throws S3Refusal as for any other
 * signature.
 */
export async function verifyForm(
  simulation: Simulation,
  field: (name: string) => string | undefined,
): Promise<Signer> {
  if (field('awsaccesskeyid') !== undefined || field('x-amz-algorithm') !== 'AWS4-HMAC-SHA256')
    throw unsupported();
  const { keyId, region } = scopeOf(field('x-amz-credential') ?? '', 's3');
  const { signer, secret } = identity(simulation, keyId);
  const signed = await new SignatureV4({
    service: 's3',
    region,
    credentials: { accessKeyId: keyId, secretAccessKey: secret },
    sha256: NodeSha256,
  }).sign(field('policy') ?? '', { signingDate: dateOf(field('x-amz-date') ?? null) });
  compare(signed, field('x-amz-signature') ?? '');
  return signer;
}

function compare(expected: string, received: string): void {
  if (sameBytes(Buffer.from(expected), Buffer.from(received))) return;
  throw new S3Refusal(
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
  );
}

function headerClaim(headers: Headers, service: string): Claim {
  const header = headers.get('authorization');
  if (header === null) throw new S3Refusal('AccessDenied', 'Access Denied');
  if (header.startsWith('AWS ')) throw unsupported();
  if (header.startsWith('AWS4-ECDSA-'))
    throw new S3Refusal('NotImplemented', 'Signature Version 4A is not simulated');
  const found =
    /^AWS4-HMAC-SHA256\s+Credential=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})$/.exec(
      header,
    );
  if (!found) throw malformed('The authorization header is malformed.');
  const [, credential = '', signedHeaders = '', signature = ''] = found;
  return {
    ...scopeOf(credential, service),
    signedHeaders: signedHeaders.split(';'),
    signature,
    signedAt: dateOf(headers.get('x-amz-date')),
    stamp: headers.get('x-amz-date') ?? '',
  };
}

function queryClaim(query: Record<string, string | string[]>, service: string): Claim {
  const one = (name: string): string => {
    const value = query[name];
    if (typeof value !== 'string') throw malformed(`Query parameter ${name} is missing or repeated.`);
    return value;
  };
  const presignedSeconds = Number(one('X-Amz-Expires'));
  if (
    !Number.isInteger(presignedSeconds) ||
    presignedSeconds < 1 ||
    presignedSeconds > LONGEST_PRESIGN_SECONDS
  ) {
    throw malformed('X-Amz-Expires must be between 1 and 604800 seconds.');
  }
  return {
    ...scopeOf(one('X-Amz-Credential'), service),
    signedHeaders: one('X-Amz-SignedHeaders').split(';'),
    signature: one('X-Amz-Signature'),
    signedAt: dateOf(one('X-Amz-Date')),
    stamp: one('X-Amz-Date'),
    presignedSeconds,
  };
}

/** `tid_…/20261120/auto/s3/aws4_request`. Tigris has one region, `auto`, and takes any. */
function scopeOf(credential: string, service: string): Pick<Claim, 'keyId' | 'region' | 'scope'> {
  const found = /^([^/]+)\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request$/.exec(credential);
  if (!found || found[3] !== service) throw malformed('The credential scope is not valid.');
  return {
    keyId: found[1] ?? '',
    region: found[2] ?? '',
    scope: credential.slice(credential.indexOf('/') + 1),
  };
}

function unsupported(): S3Refusal {
  return new S3Refusal(
    'InvalidRequest',
    'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.',
  );
}

function malformed(message: string): S3Refusal {
  return new S3Refusal('AuthorizationHeaderMalformed', message);
}

function dateOf(text: string | null): Date {
  const found = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text ?? '');
  if (!found)
    throw new S3Refusal('AccessDenied', 'AWS authentication requires a valid Date or x-amz-date header');
  const [, year, month, day, hour, minute, second] = found;
  return new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

/**
 * A signature is current near the simulated time, and also near the real one: clients of this machine sign with the real clock, and
 * moving the simulated one must not lock them out. A presigned address expires by the simulated clock alone.
 */
function checkTime(simulation: Simulation, claim: Claim): void {
  const simulatedMs = simulation.clock.nowMs();
  const signedMs = claim.signedAt.getTime();
  if (claim.presignedSeconds !== undefined) {
    if (simulatedMs > signedMs + claim.presignedSeconds * 1000)
      throw new S3Refusal('AccessDenied', 'Request has expired');
    if (signedMs - simulatedMs > SKEW_MS) throw new S3Refusal('AccessDenied', 'Request is not yet valid');
    return;
  }
  const realMs = simulation.settings.now().getTime();
  if (Math.abs(signedMs - simulatedMs) <= SKEW_MS || Math.abs(signedMs - realMs) <= SKEW_MS) return;
  throw new S3Refusal(
    'RequestTimeTooSkewed',
    'The difference between the request time and the current time is too large.',
  );
}

function identity(simulation: Simulation, keyId: string): { signer: Signer; secret: string } {
  const { storageAdmin } = simulation.settings;
  if (keyId === storageAdmin.accessKeyId) {
    return { signer: { admin: true }, secret: storageAdmin.secretAccessKey.reveal() };
  }
  const key = simulation.world.accessKeys.get(keyId);
  if (!key) {
    throw new S3Refusal(
      'InvalidAccessKeyId',
      'The AWS Access Key Id you provided does not exist in our records.',
    );
  }
  if (!key.active) throw new S3Refusal('AccessDenied', 'The access key is inactive');
  return { signer: { admin: false, key }, secret: key.secret };
}

function queryOf(text: string): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = Object.create(null) as Record<string, string | string[]>;
  for (const part of text.split('&').filter(Boolean)) {
    const cut = part.indexOf('=');
    const name = decode(cut === -1 ? part : part.slice(0, cut));
    const value = decode(cut === -1 ? '' : part.slice(cut + 1));
    const known = query[name];
    query[name] = known === undefined ? value : [known, value].flat();
  }
  return query;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Refusal('InvalidRequest', 'The request target is not valid.');
  }
}
