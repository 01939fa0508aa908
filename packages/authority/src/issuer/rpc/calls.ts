import type { TokenReasonCode } from '@hangar/contract';
import { decodeToken } from '@hangar/macaroon';
import { errorTable } from '@hangar/http';
import { z } from 'zod';
import type { PresetName } from '../../offline/presets.ts';

const text = z.string();
const whole = z.bigint();
const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);
const instant = z.date();
/** One token as its text; every other form is refused before anybody looks inside. */
const token = z.string().transform((given, context) => {
  const decoded = decodeToken(given);
  if (decoded.ok) return decoded.value;
  context.addIssue({ code: 'custom', message: 'not a token' });
  return z.NEVER;
});
const presented = z.strictObject({ token, discharges: z.array(token) });

const ok = <T extends z.ZodType>(value: T) => z.strictObject({ ok: z.literal(true), value });
const refused = <T extends z.ZodType>(reason: T) => z.strictObject({ ok: z.literal(false), reason });

const tokenReason = z.strictObject({
  code: z.custom<TokenReasonCode>((code) => typeof code === 'string' && Object.hasOwn(errorTable, code)),
  sentence: text,
  tokenId: text.exactOptional(),
  location: text.exactOptional(),
});

const row = z.strictObject({
  id: text,
  workspace: whole,
  keyNumber: whole,
  name: text,
  preset: text,
  creator: text,
  app: whole.exactOptional(),
  depth: z.int(),
  parts: z.array(
    z.strictObject({ digest: text, revokedAt: instant.exactOptional(), revokedBy: text.exactOptional() }),
  ),
  caveats: text,
  summary: z.array(text),
  endsWith: text,
  createdAt: instant,
  expiresAt: instant,
  lastUsedAt: instant.exactOptional(),
  lastUsedFrom: text.exactOptional(),
  revokedAt: instant.exactOptional(),
  revokedBy: text.exactOptional(),
});

const target = z.union([
  z.strictObject({ token: text }),
  z.strictObject({
    branches: z.array(
      z.strictObject({
        digest: text,
        expiresAt: instant.exactOptional(),
        of: z.strictObject({ token: text, key: whole, above: z.array(text) }).exactOptional(),
      }),
    ),
  }),
  z.strictObject({ creator: text }),
  z.strictObject({ app: whole }),
  z.strictObject({ key: whole }),
  z.strictObject({ everything: z.literal(true) }),
]);

const asker = z.strictObject({ id: text, key: whole, branches: z.array(text) });

const identity = z.strictObject({
  userId: text,
  userNumber: whole.exactOptional(),
  workspaces: z.array(whole),
  email: text.exactOptional(),
});

/** Judged by the issuer itself, whose refusal names the field. */
const preset = z.custom<PresetName>(() => true);

/**
 * Every question that may be put to an issuer over its door: which half answers it, and the forms of question
 * and answer. Both ends read their side with these.
 */
export const calls = {
  about: {
    half: 'verify',
    asks: z.strictObject({}),
    answers: z.strictObject({ location: text, dischargeLocation: text, version: text }),
  },
  verify: {
    half: 'verify',
    asks: presented,
    answers: z.union([
      ok(
        z.strictObject({
          workspace: whole,
          keyNumber: whole,
          /** The discharges that counted, as places in the list of the question. */
          discharges: z.array(z.strictObject({ index: z.int().min(0), trusted: z.boolean() })),
          branches: z.array(text),
        }),
      ),
      refused(tokenReason),
    ]),
  },
  recognize: {
    half: 'verify',
    asks: z.strictObject({ token }),
    answers: z.strictObject({
      recognized: z.strictObject({ workspace: whole, branches: z.array(text) }).exactOptional(),
    }),
  },
  recognizeDischarge: {
    half: 'verify',
    asks: z.strictObject({ discharge: token }),
    answers: z.strictObject({
      origin: z
        .strictObject({
          ticket: z
            .strictObject({
              workspace: whole,
              loginOf: z.union([z.strictObject({ token: text }), z.strictObject({ branch: text })]),
            })
            .exactOptional(),
        })
        .exactOptional(),
    }),
  },
  revokedSince: {
    half: 'verify',
    asks: z.strictObject({ number: whole }),
    answers: z.strictObject({
      more: z.boolean(),
      newest: whole,
      newestKey: whole,
      revocations: z.array(
        z.strictObject({
          number: whole,
          workspace: whole,
          kind: z.enum(['token', 'branch', 'key']),
          value: text,
          isPart: z.literal(true).exactOptional(),
          needlessAfter: instant.exactOptional(),
        }),
      ),
    }),
  },
  recordUses: {
    half: 'verify',
    asks: z.strictObject({
      uses: z.array(z.strictObject({ id: text, at: instant, from: text.optional() })),
    }),
    answers: z.strictObject({}),
  },
  mint: {
    half: 'sign',
    asks: z.strictObject({
      workspace: whole,
      name: text,
      creator: text,
      preset: preset.exactOptional(),
      /** Canonical caveat sets (docs/specs/token-format.md#caveat-sets). */
      caveats: bytes.exactOptional(),
      alsoCaveats: bytes.exactOptional(),
      appId: whole.exactOptional(),
      commands: z.array(z.strictObject({ args: z.array(text), exact: z.boolean() })).exactOptional(),
      expiresInSeconds: z.number().exactOptional(),
      requireLogin: z.boolean().exactOptional(),
      parent: presented.exactOptional(),
    }),
    answers: z.strictObject({
      id: text,
      token: text,
      expiresAt: instant,
      thirdParty: z.array(text),
      row,
    }),
  },
  requireLogin: {
    half: 'sign',
    asks: z.strictObject({ token, workspace: whole }),
    answers: z.strictObject({ token }),
  },
  token: {
    half: 'sign',
    asks: z.strictObject({ workspace: whole, id: text }),
    answers: z.strictObject({ row: row.exactOptional() }),
  },
  tokens: {
    half: 'sign',
    asks: z.strictObject({
      workspace: whole,
      apps: z.array(whole).exactOptional(),
      creator: text.exactOptional(),
      activeAt: instant.exactOptional(),
      before: z.strictObject({ createdAt: instant, id: text }).exactOptional(),
      limit: z.int().min(1).max(1000),
    }),
    answers: z.strictObject({ rows: z.array(row) }),
  },
  renameToken: {
    half: 'sign',
    asks: z.strictObject({ workspace: whole, id: text, name: text, asker: asker.exactOptional() }),
    answers: z.strictObject({ row: row.exactOptional() }),
  },
  revoke: {
    half: 'sign',
    asks: z.strictObject({
      workspace: whole,
      target,
      by: text,
      reason: text,
      asker: asker.exactOptional(),
    }),
    answers: z.strictObject({ reached: z.array(text) }),
  },
  rotateKey: {
    half: 'sign',
    asks: z.strictObject({ workspace: whole }),
    answers: z.strictObject({ number: whole, retired: whole.optional() }),
  },
  readTicket: {
    half: 'sign',
    asks: z.strictObject({ ticket: bytes }),
    answers: z.union([
      ok(z.strictObject({ asksForIdentity: z.boolean() })),
      refused(z.strictObject({ tag: z.enum(['not_ours', 'asks_too_much']) })),
    ]),
  },
  discharge: {
    half: 'sign',
    asks: z.strictObject({ ticket: bytes, identity: identity.exactOptional() }),
    answers: z.union([
      ok(token),
      refused(
        z.union([
          z.strictObject({ tag: z.enum(['not_ours', 'asks_too_much']) }),
          z.strictObject({ tag: z.literal('denied'), sentence: text }),
        ]),
      ),
    ]),
  },
} as const satisfies Record<string, { half: 'verify' | 'sign'; asks: z.ZodType; answers: z.ZodType }>;

/** The name of a question. */
export type CallName = keyof typeof calls;
/** A question as its handler sees it. */
export type Asked<N extends CallName> = z.output<(typeof calls)[N]['asks']>;
/** A question as it is written. */
export type Asking<N extends CallName> = z.input<(typeof calls)[N]['asks']>;
/** An answer as it is written. */
export type Answering<N extends CallName> = z.input<(typeof calls)[N]['answers']>;
/** An answer as the asker sees it. */
export type Answered<N extends CallName> = z.output<(typeof calls)[N]['answers']>;

/** Where a question is put. */
export const CALL_PATH = '/issuer/v1/';

/** True for the name of a question. */
export function isCallName(name: string): name is CallName {
  return Object.hasOwn(calls, name);
}
