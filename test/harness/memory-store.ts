import type {
  Asker,
  FlowRow,
  FlowStore,
  IssuerStore,
  Revocation,
  RevocationTarget,
  SigningKeyRow,
  TokenRow,
} from '@hangar/authority';

interface Lineage {
  readonly workspace: bigint;
  readonly ancestor: string;
  readonly token: string;
}

/**
 * What an authority and its issuer keep, in memory: the whole contract of the two ports, for tests that are about
 * something else than rows.
 */
export function createMemoryStore(): IssuerStore & FlowStore {
  const keys = new Map<bigint, SigningKeyRow>();
  const rows = new Map<string, TokenRow>();
  let lineage: Lineage[] = [];
  let revocations: Revocation[] = [];
  let newest = 0n;
  let newestKey = 0n;
  const flows = new Map<string, FlowRow>();

  const currentKey = (workspace: bigint): SigningKeyRow | undefined =>
    [...keys.values()].find((key) => key.workspace === workspace && key.retiredAt === undefined);

  const isRevoked = (workspace: bigint, value: string): boolean =>
    revocations.some((entry) => entry.workspace === workspace && entry.value === value);

  const hasEnded = (workspace: bigint, asker: Asker | undefined): boolean =>
    asker !== undefined &&
    [asker.id, String(asker.key), ...asker.branches].some((value) => isRevoked(workspace, value));

  /** The minted texts among these branches. */
  function partsAmong(workspace: bigint, target: RevocationTarget): Map<string, EndedPart> {
    const digests = 'branches' in target ? target.branches.map((branch) => branch.digest) : [];
    const ended = new Map<string, EndedPart>();
    const isMeant = (row: TokenRow): boolean =>
      row.workspace === workspace && row.parts.some((part) => digests.includes(part.digest));
    for (const row of [...rows.values()].filter(isMeant)) {
      const isWhole = row.parts.every(
        (part) => part.revokedAt !== undefined || digests.includes(part.digest),
      );
      for (const { digest } of row.parts)
        if (digests.includes(digest)) ended.set(digest, { token: row.id, isWhole });
    }
    return ended;
  }

  function endParts(ended: ReadonlyMap<string, EndedPart>, at: Date, by: string): void {
    for (const { token } of ended.values()) {
      const row = rows.get(token);
      const parts = row?.parts.map((part) =>
        ended.has(part.digest) ? { revokedAt: at, revokedBy: by, ...part } : part,
      );
      if (row && parts) rows.set(token, { ...row, parts });
    }
  }

  /** Everything minted below these ids and digests, step by step down. */
  function below(workspace: bigint, ancestors: Iterable<string>): ReadonlySet<string> {
    const found = new Set<string>();
    const waiting = [...ancestors];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      for (const step of lineage) {
        if (step.workspace !== workspace || step.ancestor !== next || found.has(step.token)) continue;
        found.add(step.token);
        waiting.push(step.token);
      }
    }
    return found;
  }

  function forget(gone: (row: TokenRow) => boolean): number {
    const over = new Set([...rows.values()].filter(gone).map((row) => row.id));
    for (const id of over) rows.delete(id);
    lineage = lineage.filter((step) => !over.has(step.token));
    return over.size;
  }

  function reach(
    workspace: bigint,
    target: RevocationTarget,
    o: { parts: ReadonlyMap<string, EndedPart>; neededFrom: Date; latestEnd: Date },
  ): { tokens: TokenRow[]; entries: Entry[] } {
    const ownKeys = [...keys.values()].filter(
      (key) =>
        key.workspace === workspace &&
        ('everything' in target || ('key' in target && key.number === target.key)),
    );
    const numbers = new Set(ownKeys.map((key) => key.number));
    const own = [...rows.values()].filter((row) => row.workspace === workspace);
    const whole = new Set([...o.parts.values()].filter((part) => part.isWhole).map((part) => part.token));
    const direct = own.filter(
      (row) => isMeant(row, target) || numbers.has(row.keyNumber) || whole.has(row.id),
    );
    const branches = 'branches' in target ? target.branches : [];
    const dying = below(workspace, [
      ...('token' in target ? [target.token] : direct.map((row) => row.id)),
      ...branches.map((branch) => branch.digest),
    ]);
    const tokens = [...rows.values()].filter((row) => direct.includes(row) || dying.has(row.id));
    // A workspace that was closed stays closed, so the entry of its current key stays too.
    const keyEnd = 'everything' in target ? {} : { needlessAfter: o.latestEnd };
    const entries: Entry[] = [...numbers].map((number) => ({
      kind: 'key',
      value: String(number),
      ...keyEnd,
    }));
    for (const { digest, of, expiresAt: needlessAfter = o.latestEnd } of branches) {
      const part = o.parts.get(digest);
      // The entry of the token says it already.
      if (part?.isWhole === true || needlessAfter <= o.neededFrom) continue;
      const chain = of ? [of.token, String(of.key), ...of.above] : [];
      entries.push({
        kind: 'branch',
        value: digest,
        ...(part ? { isPart: true } : {}),
        needlessAfter,
        chain,
      });
    }
    // A token can work without a record of it, and who names it is told that it is revoked.
    if ('token' in target && direct.length === 0)
      entries.push({ kind: 'token', value: target.token, needlessAfter: o.latestEnd });
    for (const row of tokens) {
      if (!numbers.has(row.keyNumber))
        entries.push({ kind: 'token', value: row.id, needlessAfter: row.expiresAt });
    }
    return { tokens, entries };
  }

  return {
    currentKey: async (workspace) => currentKey(workspace),
    key: async (number) => keys.get(number),
    addKey: async ({ workspace, replaces, seal, at }) => {
      const current = currentKey(workspace);
      if (current && current.number !== replaces) return current;
      if (current) keys.set(current.number, { ...current, retiredAt: at });
      const number = (newestKey += 1n);
      const row = { number, workspace, sealed: seal(number), createdAt: at };
      keys.set(number, row);
      return row;
    },
    nextKeyNumber: async () => (newestKey += 1n),
    keysAfter: async (number, limit) =>
      [...keys.values()].filter((key) => key.number > number).slice(0, limit),
    resealKey: async (number, from, to) => {
      const row = keys.get(number);
      if (row && Buffer.compare(row.sealed, from) === 0) keys.set(number, { ...row, sealed: to });
    },

    addToken: async ({ row, ancestors, keys: numbers, limits }) => {
      const { workspace, createdAt } = row;
      if ([...ancestors, ...numbers.map(String)].some((value) => isRevoked(workspace, value)))
        return 'revoked';
      const own = [...rows.values()].filter((each) => each.workspace === workspace);
      const live = own.filter((each) => each.revokedAt === undefined && each.expiresAt > createdAt);
      if (live.length >= limits.live) return 'too_many_live';
      const isOver = (each: TokenRow) => each.workspace === workspace && each.expiresAt < createdAt;
      if (own.length >= limits.recorded && forget(isOver) === 0) return 'too_many_recorded';
      rows.set(row.id, row);
      for (const ancestor of new Set(ancestors)) lineage.push({ workspace, ancestor, token: row.id });
      return undefined;
    },
    token: async (workspace, id) => {
      const row = rows.get(id);
      return row?.workspace === workspace ? row : undefined;
    },
    tokens: async ({ workspace, apps, creator, activeAt, before, limit }) =>
      [...rows.values()]
        .filter(
          (row) =>
            row.workspace === workspace &&
            (apps === undefined || (row.app !== undefined && apps.includes(row.app))) &&
            (creator === undefined || row.creator === creator) &&
            (activeAt === undefined || (row.revokedAt === undefined && row.expiresAt > activeAt)) &&
            (before === undefined || newestFirst(row, before) > 0),
        )
        .toSorted(newestFirst)
        .slice(0, limit),
    renameToken: async ({ workspace, id, name, asker }) => {
      if (hasEnded(workspace, asker)) return 'asker_revoked';
      const row = rows.get(id);
      if (row?.workspace !== workspace) return undefined;
      rows.set(id, { ...row, name });
      return rows.get(id);
    },
    recordUses: async (uses) => {
      for (const { id, at, from } of uses) {
        const row = rows.get(id);
        if (!row || (row.lastUsedAt !== undefined && row.lastUsedAt >= at)) continue;
        const { lastUsedFrom: _, ...rest } = row;
        rows.set(id, { ...rest, lastUsedAt: at, ...(from === undefined ? {} : { lastUsedFrom: from }) });
      }
    },

    revoke: async ({ workspace, target, by, at, neededFrom, latestEnd, maxCopies, asker }) => {
      if (hasEnded(workspace, asker)) return 'asker_revoked';
      const parts = partsAmong(workspace, target);
      const { tokens, entries } = reach(workspace, target, { parts, neededFrom, latestEnd });
      const unsaid = entries.filter(({ value }) => !isRevoked(workspace, value));
      const said = new Set(unsaid.map(({ value }) => value));
      const fresh = unsaid.filter(
        ({ chain = [] }) => !chain.some((link) => said.has(link) || isRevoked(workspace, link)),
      );
      const copies = fresh.filter(isCopy).length;
      const own = revocations.filter((entry) => entry.workspace === workspace);
      if (copies > 0 && own.filter(isCopy).length + copies > maxCopies) return 'too_many_copies';
      endParts(parts, at, by);
      for (const { chain: _, ...entry } of fresh)
        revocations.push({ ...entry, workspace, number: (newest += 1n) });
      for (const row of tokens)
        if (!row.revokedAt) rows.set(row.id, { ...row, revokedAt: at, revokedBy: by });
      return tokens.map((row) => row.id);
    },
    revokedSince: async (number, limit) => {
      const behind = revocations.filter((entry) => entry.number > number);
      const page = behind.slice(0, limit);
      return { newest, newestKey, revocations: page, more: page.length < behind.length };
    },
    pruneRevocations: async (before) => {
      const kept = revocations.filter(
        (entry) => entry.needlessAfter === undefined || entry.needlessAfter >= before,
      );
      const gone = revocations.length - kept.length;
      revocations = kept;
      return gone;
    },
    pruneTokens: async (before) => forget((row) => row.expiresAt < before),
    pruneKeys: async (retiredBefore) => {
      const over = [...keys.values()].filter(
        (key) => key.retiredAt !== undefined && key.retiredAt < retiredBefore,
      );
      for (const key of over) keys.delete(key.number);
      return over.length;
    },

    addFlow: async (row) => void flows.set(row.userDigest, row),
    flow: async (userDigest, at) => {
      const row = flows.get(userDigest);
      return row && row.expiresAt > at ? row : undefined;
    },
    settleFlow: async ({ userDigest, state, answer, at }) => {
      const row = flows.get(userDigest);
      if (row?.state !== 'waiting' || row.expiresAt <= at) return false;
      flows.set(userDigest, { ...row, state, answer });
      return true;
    },
    collectFlow: async (pollDigest, at) => {
      const row = [...flows.values()].find((each) => each.pollDigest === pollDigest && each.expiresAt > at);
      if (row && row.state !== 'waiting') flows.delete(row.userDigest);
      return row;
    },
    pruneFlows: async (before) => {
      const over = [...flows.values()].filter((row) => row.expiresAt < before);
      for (const row of over) flows.delete(row.userDigest);
      return over.length;
    },
  };
}

type Entry = Pick<Revocation, 'kind' | 'value' | 'isPart' | 'needlessAfter'> & {
  /** Of a copy: what makes this entry needless when it is revoked. */
  readonly chain?: readonly string[];
};

/** A copy that no record knows. */
function isCopy({ kind, isPart }: Pick<Revocation, 'kind' | 'isPart'>): boolean {
  return kind === 'branch' && isPart !== true;
}

/** A minted text that was revoked, and whether any other text of its token lives on. */
interface EndedPart {
  readonly token: string;
  readonly isWhole: boolean;
}

function isMeant(row: TokenRow, target: RevocationTarget): boolean {
  if ('token' in target) return row.id === target.token;
  if ('creator' in target) return row.creator === target.creator;
  return 'app' in target && row.app === target.app;
}

function newestFirst(a: Pick<TokenRow, 'createdAt' | 'id'>, b: Pick<TokenRow, 'createdAt' | 'id'>): number {
  return b.createdAt.getTime() - a.createdAt.getTime() || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
}
