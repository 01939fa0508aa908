import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import type { Hono } from 'hono';
import { HangarError, parseStrictJson, readBody, type Log, onlyAllow } from '@hangar/http';
import { sha256 } from '@hangar/security';
import { z } from 'zod';
import { branchesOf, copiesIn, type Copies } from '../read/copies.ts';
import { isTooManyCopies } from '../limits.ts';
import type { RevocationTarget } from '../ports.ts';
import type { Tokens } from '../tokens.ts';
import type { TokenReader } from '../read/token-reader.ts';
import { isFit, jsonResponse, parsed } from './json.ts';
import type { DoorEnv } from './deps.ts';

/** Public keys of those who report leaks, by the identifier they sign under. */
export type LeakReporters = ReadonlyMap<string, KeyObject>;

const MAX_BODY_BYTES = 1_048_576;
const MAX_REPORTS = 1000;

const reports = z
  .array(
    z.object({
      token: z.string().min(1).max(65_536),
      type: z.string().max(200),
      url: z.string().max(400).refine(isFit, 'control characters are not accepted').optional(),
    }),
  )
  .max(MAX_REPORTS);

const keyList = z.object({
  public_keys: z.array(z.object({ key_identifier: z.string().min(1), key: z.string() })),
});

/**
 * Reads the key list as GitHub publishes it for secret scanning partners:
 * `{"public_keys": [{"key_identifier", "key": PEM}]}`. Throws `config_invalid` for anything else.
 */
export function readLeakReporters(json: string): LeakReporters {
  try {
    const { public_keys: keys } = keyList.parse(JSON.parse(json));
    return new Map(keys.map((entry) => [entry.key_identifier, createPublicKey(entry.key)]));
  } catch (cause) {
    throw new HangarError('config_invalid', {
      public: 'The list of leak reporters is not {"public_keys": [{"key_identifier": ..., "key": PEM}]}.',
      cause,
    });
  }
}

/**
 * `POST /leaks`: reports of tokens found in public places, signed by whoever scans them (GitHub's partner
 * programme: ECDSA over the raw body). Each reported copy is revoked with everything narrowed from it, before
 * the answer. A scanner may hand in any one part of a list: a discharge of ours alone ends what it signed in for. The
 * answer says of each report, by its digest, whether it held something of ours.
 */
export function registerLeaks(
  app: Hono<DoorEnv>,
  deps: {
    location: string;
    reader: TokenReader;
    tokens: Tokens;
    leakReporters: LeakReporters | undefined;
    log: Log;
  },
): void {
  async function end(copies: Copies, about: { by: string; reason: string }): Promise<void> {
    for (const [workspace, branches] of branchesOf(copies.tokens))
      await deps.tokens
        .revoke({ workspace, target: { branches }, ...about })
        .catch(async (error: unknown) => {
          if (!isTooManyCopies(error)) throw error;
          // Whoever made that many copies must not keep one alive that everybody can read.
          for (const { id } of copies.tokens.filter((token) => token.workspace === workspace))
            await deps.tokens.revoke({ workspace, target: { token: id }, ...about });
        });
    // Beside a copy, the copy says what leaked: its parent need not die with it.
    if (copies.tokens.length > 0) return;
    for (const { ticket } of copies.discharges) {
      if (ticket === undefined) {
        deps.log.warn(
          about,
          'a leaked discharge does not say what it belongs to; look for the token beside it',
        );
        continue;
      }
      const { workspace, loginOf } = ticket;
      const target: RevocationTarget =
        'token' in loginOf ? loginOf : { branches: [{ digest: loginOf.branch }] };
      await deps.tokens.revoke({ workspace, target, ...about }).catch((error: unknown) => {
        if (!isTooManyCopies(error)) throw error;
        // It ends by itself within minutes, and the token is not told from here.
        deps.log.warn(
          about,
          'a leaked discharge was not ended: the workspace has no room for a revoked copy',
        );
      });
    }
  }

  app.post('/leaks', async (c) => {
    if (deps.leakReporters === undefined) throw new HangarError('not_found');
    const body = await readBody(c.req.raw, MAX_BODY_BYTES, c.env.door);
    const signer = c.req.header('github-public-key-identifier') ?? '';
    const signature = c.req.header('github-public-key-signature') ?? '';
    const key = deps.leakReporters.get(signer);
    if (!key || !verify('sha256', body, key, Buffer.from(signature, 'base64'))) {
      throw new HangarError('unauthorized');
    }
    const json = parseStrictJson(body);
    if (!json.ok) throw new HangarError('bad_request', { detail: json.reason.tag });
    const labels = [];
    for (const report of parsed(reports, json.value)) {
      const found = await copiesIn(report.token, deps);
      const ours = found.ok ? found.value : { tokens: [], discharges: [] };
      await end(ours, {
        by: `leak report ${signer.slice(0, 16)}`,
        reason: report.url === undefined ? 'found in public' : `found at ${report.url}`,
      });
      labels.push({
        token_hash: Buffer.from(sha256(report.token)).toString('base64'),
        token_type: report.type,
        label: ours.tokens.length + ours.discharges.length > 0 ? 'true_positive' : 'false_positive',
      });
    }
    return jsonResponse(200, labels);
  });

  app.all('/leaks', onlyAllow('POST'));
}
