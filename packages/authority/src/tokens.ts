import { HangarError, type Log } from '@hangar/http';
import { branchesOf, copiesIn } from './read/copies.ts';
import type { RevocationFeed } from './read/feed.ts';
import type { SigningIssuer } from './issuer/port.ts';
import type { Minted } from './issuer/mint.ts';
import type { MintRequest } from './issuer/mint-request.ts';
import type { Asker, RevocationTarget, TokenRow } from './ports.ts';
import { textError } from './token-reason.ts';
import type { LastUsed } from './read/last-used.ts';
import type { RecognizedToken, TokenReader } from './read/token-reader.ts';

const MAX_PAGE = 200;
const DEFAULT_PAGE = 50;

/** Which tokens to list. */
export interface TokenQuery {
  readonly workspace: bigint;
  /** Only tokens minted for one of these apps. */
  readonly apps?: readonly bigint[];
  readonly creator?: string;
  /** Only tokens that are neither over nor revoked. */
  readonly activeOnly?: boolean;
  /** `next` of the page before. */
  readonly cursor?: string;
  /** Up to 200; default 50. */
  readonly limit?: number;
}

/** A page of tokens, newest first. */
export interface TokenPage {
  readonly tokens: readonly TokenRow[];
  readonly next?: string;
}

/** A wish to revoke. */
export interface RevokeRequest {
  readonly workspace: bigint;
  readonly target: RevocationTarget;
  /** Who asked; kept with the record. */
  readonly by: string;
  readonly reason?: string;
  /** The token by which they may; when it is revoked meanwhile, `token_revoked` is thrown and nothing happens. */
  readonly asker?: Asker;
}

/** A text that was found, or that its holder wants to end. */
export interface RevokeText {
  readonly text: string;
  readonly by: string;
  readonly reason?: string;
  /**
   * Given: the whole tokens end, not only these copies of them. Called with each workspace first; throws when the
   * asker may not, and answers the token by which they may.
   */
  readonly demandWhole?: (workspace: bigint) => Asker;
}

/** What a text ended. */
export interface RevokedText {
  /** The copies that were recognised, in the order of the text. */
  readonly copies: readonly [RecognizedToken, ...RecognizedToken[]];
  /** Ids of the recorded tokens that died. */
  readonly reached: readonly string[];
}

/** The verbs of the authority, for code that runs in the same process. Nothing here asks for permission. */
export interface Tokens {
  mint(request: MintRequest): Promise<Minted>;
  /** The first token of a workspace that is not stored yet; undefined where minting and storing cannot be apart. */
  prepare: SigningIssuer['prepare'];
  get(workspace: bigint, id: string): Promise<TokenRow | undefined>;
  list(query: TokenQuery): Promise<TokenPage>;
  /** Another name for lists. Throws `invalid` for one that cannot be shown. */
  rename(wish: { workspace: bigint; id: string; name: string; asker?: Asker }): Promise<TokenRow | undefined>;
  /**
   * Takes effect in this process before it returns, elsewhere within {@link STALE_AFTER_MS}. Answers the
   * ids of the recorded tokens that it reached, those minted from them included.
   */
  revoke(request: RevokeRequest): Promise<readonly string[]>;
  /**
   * Ends the copies in a text, and what was narrowed from them. A text that a token was minted as ends its record too.
   * Throws `not_found` when we signed none of it, and a token's code when it cannot be read.
   */
  revokeText(wish: RevokeText): Promise<RevokedText>;
  /** Ends every token of a workspace, those never recorded included, and all that would be minted. */
  revokeWorkspace(workspace: bigint, by?: string): Promise<readonly string[]>;
  /** Signs with a fresh key from now on; older tokens go on working. */
  rotateKey(workspace: bigint): Promise<{ readonly number: bigint; readonly retired: bigint | undefined }>;
}

/** Puts the verbs together. */
export function createTokens(deps: {
  issuer: SigningIssuer;
  feed: RevocationFeed;
  reader: Pick<TokenReader, 'recognize' | 'recognizeDischarge'>;
  location: string;
  lastUsed: LastUsed;
  now: () => Date;
  log: Log;
}): Tokens {
  const { issuer, feed, log, now } = deps;

  async function revoke(wish: RevokeRequest): Promise<readonly string[]> {
    const { workspace, target, by, reason = '', asker } = wish;
    checkTarget(target);
    const reached = await issuer.revoke({
      workspace,
      target,
      by,
      reason: reason.slice(0, 500),
      asker,
    });
    // It is committed; if the feed cannot be read now, no token is accepted until it can.
    await feed
      .refresh()
      .catch((error: unknown) => log.warn({ error }, 'the revocation feed could not be read'));
    return reached;
  }

  async function revokeText({ text, by, reason = '', demandWhole }: RevokeText): Promise<RevokedText> {
    const found = await copiesIn(text, deps);
    if (!found.ok) throw textError(found.reason);
    const [first, ...rest] = found.value.tokens;
    // Forged and foreign tokens look the same as no token at all.
    if (!first) throw new HangarError('not_found', found.value.discharges.length > 0 ? ONLY_DISCHARGES : {});
    const copies = [first, ...rest] as const;
    const reached = new Set<string>();
    let asker: Asker | undefined;
    const end = async (workspace: bigint, target: RevocationTarget): Promise<void> => {
      const asking = asker === undefined ? {} : { asker };
      // Asked once: the first of the tokens that end may be the asking one.
      asker = undefined;
      for (const id of await revoke({ workspace, target, by, reason, ...asking })) reached.add(id);
    };
    if (demandWhole) {
      for (const copy of copies) asker = demandWhole(copy.workspace);
      const whole = new Map(copies.map((copy) => [copy.id, copy]));
      for (const { id, workspace } of whole.values()) await end(workspace, { token: id });
    } else {
      for (const [workspace, branches] of branchesOf(copies)) await end(workspace, { branches });
    }
    return { copies, reached: [...reached] };
  }

  return {
    mint: (request) => issuer.mint(request),
    prepare: (request) => issuer.prepare(request),
    get: (workspace, id) => issuer.token(workspace, id),
    list: async ({ workspace, apps, creator, activeOnly, cursor, limit }) => {
      await deps.lastUsed
        .flush()
        .catch((error: unknown) => log.warn({ error }, 'token uses could not be written'));
      const size = Math.min(Math.max(1, Math.trunc(limit ?? DEFAULT_PAGE)), MAX_PAGE);
      const before = cursor === undefined ? undefined : readCursor(cursor);
      const rows = await issuer.tokens({
        workspace,
        limit: size + 1,
        apps,
        creator,
        ...(activeOnly ? { activeAt: now() } : {}),
        before,
      });
      const page = rows.slice(0, size);
      const last = page.at(-1);
      return { tokens: page, ...(rows.length > size && last ? { next: writeCursor(last) } : {}) };
    },
    rename: (wish) => issuer.renameToken(wish),
    revoke,
    revokeText,
    revokeWorkspace: (workspace, by = 'hangar') =>
      revoke({ workspace, target: { everything: true }, by, reason: 'workspace closed' }),
    rotateKey: (workspace) => issuer.rotateKey(workspace),
  };
}

const TARGETS = ['token', 'branches', 'creator', 'app', 'key', 'everything'];

/** Plain JavaScript knows no union types, and a target that means nothing must not look as if it had ended something. */
function checkTarget(target: RevocationTarget): void {
  const names: unknown = target;
  const known =
    typeof names === 'object' && names !== null ? TARGETS.filter((name) => Object.hasOwn(names, name)) : [];
  if (known.length !== 1) {
    throw new HangarError('invalid', { status: 400, fields: { target: `one of ${TARGETS.join(', ')}` } });
  }
}

const ONLY_DISCHARGES = {
  public:
    'The text holds a discharge, which ends by itself within minutes, and no token. Hand in the token it belongs to.',
};

function writeCursor(row: TokenRow): string {
  return Buffer.from(`${row.createdAt.toISOString()} ${row.id}`).toString('base64url');
}

/** A cursor only says where to go on inside the asker's own workspace; a strange one starts from the top. */
function readCursor(cursor: string): { createdAt: Date; id: string } | undefined {
  const [at = '', id = ''] = Buffer.from(cursor, 'base64url').toString('utf8').split(' ', 2);
  const createdAt = new Date(at);
  return Number.isNaN(createdAt.getTime()) || !/^[0-9a-f-]{36}$/.test(id) ? undefined : { createdAt, id };
}
