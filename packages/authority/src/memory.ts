import type {
  FlowRow,
  FlowStore,
  IssuerStore,
  Revocation,
  RevocationTarget,
  SigningKeyRow,
  TokenRow,
} from './ports.ts';

interface Lineage {
  readonly workspace: bigint;
  readonly ancestor: string;
  readonly token: string;
}

/**
 * A store in this process: for a first try, a test, or a service that may forget. It keeps the whole
 * contract of the port, but not across a restart and not across processes.
 */
export function createMemoryStore(): IssuerStore & FlowStore {
  const keys = new Map<bigint, SigningKeyRow>();
  const rows = new Map<string, TokenRow>();
  const lineage: Lineage[] = [];
  let revocations: Revocation[] = [];
  let newest = 0n;
  const flows = new Map<string, FlowRow>();

  const currentKey = (workspace: bigint): SigningKeyRow | undefined =>
    [...keys.values()].find((key) => key.workspace === workspace && key.retiredAt === undefined);

  const isRevoked = (workspace: bigint, value: string): boolean =>
    revocations.some((entry) => entry.workspace === workspace && entry.value === value);

  function reach(workspace: bigint, target: RevocationTarget): { tokens: TokenRow[]; entries: Entry[] } {
    const ownKeys = [...keys.values()].filter(
      (key) =>
        key.workspace === workspace &&
        ('everything' in target || ('key' in target && key.number === target.key)),
    );
    const numbers = new Set(ownKeys.map((key) => key.number));
    const own = [...rows.values()].filter((row) => row.workspace === workspace);
    const direct = own.filter((row) => isMeant(row, target) || numbers.has(row.keyNumber));
    const ancestors = new Set('branch' in target ? [target.branch] : direct.map((row) => row.id));
    const below = new Set(
      lineage
        .filter((each) => each.workspace === workspace && ancestors.has(each.ancestor))
        .map((each) => each.token),
    );
    const tokens = own.filter((row) => direct.includes(row) || below.has(row.id));
    const entries: Entry[] = [...numbers].map((number) => ({ kind: 'key', value: String(number) }));
    if ('branch' in target) {
      const { branch, expiresAt } = target;
      entries.push({ kind: 'branch', value: branch, ...(expiresAt ? { needlessAfter: expiresAt } : {}) });
    }
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
      const number = BigInt(keys.size) + 1n;
      const row = { number, workspace, sealed: seal(number), createdAt: at };
      keys.set(number, row);
      return row;
    },
    keysAfter: async (number, limit) =>
      [...keys.values()].filter((key) => key.number > number).slice(0, limit),
    resealKey: async (number, from, to) => {
      const row = keys.get(number);
      if (row && Buffer.compare(row.sealed, from) === 0) keys.set(number, { ...row, sealed: to });
    },

    addToken: async (row, ancestors) => {
      const above = lineage.filter(
        (each) => each.workspace === row.workspace && ancestors.includes(each.token),
      );
      const all = new Set([...ancestors, ...above.map((each) => each.ancestor)]);
      if ([...all, String(row.keyNumber)].some((value) => isRevoked(row.workspace, value))) return false;
      rows.set(row.id, row);
      for (const ancestor of all) lineage.push({ workspace: row.workspace, ancestor, token: row.id });
      return true;
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
    renameToken: async ({ workspace, id, name }) => {
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

    revoke: async ({ workspace, target, by, at }) => {
      const { tokens, entries } = reach(workspace, target);
      for (const entry of entries) {
        const known = revocations.some(
          (each) => each.workspace === workspace && each.kind === entry.kind && each.value === entry.value,
        );
        if (!known) revocations.push({ ...entry, workspace, number: (newest += 1n) });
      }
      for (const row of tokens)
        if (!row.revokedAt) rows.set(row.id, { ...row, revokedAt: at, revokedBy: by });
      return tokens.map((row) => row.id);
    },
    revokedSince: async (number) => ({
      newest,
      newestKey: BigInt(keys.size),
      revocations: revocations.filter((entry) => entry.number > number),
    }),
    pruneRevocations: async (before) => {
      const kept = revocations.filter(
        (entry) => entry.needlessAfter === undefined || entry.needlessAfter >= before,
      );
      const gone = revocations.length - kept.length;
      revocations = kept;
      return gone;
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

type Entry = Pick<Revocation, 'kind' | 'value' | 'needlessAfter'>;

function isMeant(row: TokenRow, target: RevocationTarget): boolean {
  if ('token' in target) return row.id === target.token;
  if ('creator' in target) return row.creator === target.creator;
  return 'app' in target && row.app === target.app;
}

function newestFirst(a: Pick<TokenRow, 'createdAt' | 'id'>, b: Pick<TokenRow, 'createdAt' | 'id'>): number {
  return b.createdAt.getTime() - a.createdAt.getTime() || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
}
