import {
  addThirdParty,
  attenuate,
  caveatsToJson,
  encodeToken,
  everyCaveat,
  explainCaveat,
  MacaroonError,
  mint as mintMacaroon,
  openTicket,
  organizationScope,
  privateCaveat,
  tokenId,
  type Caveat,
  type Command,
  type Macaroon,
  type TokenCrypto,
} from '@hangar/macaroon';
import { HangarError, ok, refuse, type Result } from '@hangar/http';
import { tokenError } from '@hangar/contract';
import { sha256Hex } from '@hangar/security';
import { isLoginOf, loginOfCaveat } from '../caveats/login-of.ts';
import { COUNTING_CAVEATS } from '../caveats/numbers.ts';
import { HANGAR_CAVEATS } from '../caveats/registry.ts';
import {
  CLOCK_LEEWAY_SECONDS,
  DEFAULT_LIFETIME_SECONDS,
  MAX_LIFETIME_SECONDS,
  parseLifetime,
} from '../offline/lifetime.ts';
import { tokenEnding } from '../offline/inspect.ts';
import { keyIdOf } from './key-id.ts';
import type { SigningKey, SigningKeys } from './keys.ts';
import { notRecorded, placeBelow, recordLimits, type Parent } from './place.ts';
import type { MintLimits } from '../limits.ts';
import { loginTicketCaveats } from './login-caveat.ts';
import type { IssuerStore, SigningKeyRow, TokenRow } from '../ports.ts';
import { presetCaveats, presets, type PresetName } from '../offline/presets.ts';
import { certainEnd, isOver } from '../caveats/validity.ts';
import type { Presented } from './judged.ts';
import type { Judge } from './judge.ts';

const MAX_NAME_LENGTH = 200;

/** What to mint. Give a preset or a list of caveats. */
export interface MintRequest {
  /** The organization number of the caveats. */
  readonly workspace: bigint;
  readonly name: string;
  /** Who asked: shown in lists, and what revoking by creator goes by. */
  readonly creator: string;
  readonly preset?: PresetName;
  readonly caveats?: readonly Caveat[];
  /** Added to whatever the preset says. */
  readonly alsoCaveats?: readonly Caveat[];
  /** For presets about one app, and to find the token by its app. */
  readonly appId?: bigint;
  readonly commands?: readonly Command[];
  /** Absent: the preset's own lifetime, or a day. At most {@link MAX_LIFETIME_SECONDS}. */
  readonly expiresInSeconds?: number;
  /** The holder must bring a discharge of our own discharge service: a person who signed in. */
  readonly requireLogin?: boolean;
  /** The token that asks. The new one carries all its caveats, and dies with it. */
  readonly parent?: Presented;
}

/** A fresh token. The text exists here and nowhere else. */
export interface Minted {
  readonly id: string;
  /** The text to hand out: one token, or several joined by a comma where a preset makes several. */
  readonly token: string;
  readonly expiresAt: Date;
  /** Locations that must be asked for a discharge before the token works. */
  readonly thirdParty: readonly string[];
  readonly row: TokenRow;
}

/** The first token of a workspace that is not stored yet, and the key that signed it. Neither is stored. */
export interface UnstoredToken extends Minted {
  readonly key: SigningKeyRow;
}

/** Makes tokens. */
export interface Mint {
  /** Records it, too. Throws `invalid` naming the fields, `token_revoked` when the asking token was revoked meanwhile. */
  mint(request: MintRequest): Promise<Minted>;
  /** For whoever stores the workspace, its key and its token in one step. Throws `invalid`. */
  prepare(request: Omit<MintRequest, 'parent'>): Promise<UnstoredToken>;
}

interface Wanted {
  readonly request: MintRequest;
  readonly lists: readonly (readonly Caveat[])[];
  readonly seconds: number;
}

/** What a token takes over from the one that asked for it. */
interface Inherited {
  readonly carried: readonly Caveat[];
  readonly tickets: readonly (readonly Caveat[])[];
}

/** Builds the one place where root keys sign. */
export function createMint(options: {
  location: string;
  dischargeLocation: string;
  dischargeKeys: readonly [Uint8Array, ...Uint8Array[]];
  dischargeSeconds: number;
  keys: SigningKeys;
  store: Pick<IssuerStore, 'addToken' | 'token'>;
  judge: Judge;
  limits: MintLimits;
  tokenCrypto: TokenCrypto | undefined;
  now: () => Date;
}): Mint {
  const crypto = options.tokenCrypto;
  const addLogin = (token: Macaroon, ticketCaveats: readonly Caveat[]): Macaroon =>
    addThirdParty(token, {
      location: options.dischargeLocation,
      sharedKey: options.dischargeKeys[0],
      ticketCaveats,
      crypto,
    });

  async function judged(presented: Presented, workspace: bigint): Promise<Parent> {
    const outcome = await options.judge.verify(presented);
    if (!outcome.ok) throw tokenError(outcome.reason);
    if (outcome.value.workspace !== workspace) {
      throw new HangarError('not_found', { detail: 'the asking token is of another workspace' });
    }
    const id = tokenId(presented.token);
    // The door has judged it, but that was before the database was asked for names.
    if (isOver(outcome.value.verified.caveats, options.now())) {
      throw new HangarError('token_expired', { public: `Token ${id} has expired.` });
    }
    return { ...outcome.value, id };
  }

  /** The third parties of the asking token, made anew: their seals fit only the chain they were made for. */
  function inherited(parent: Parent | undefined): readonly (readonly Caveat[])[] {
    const tickets: (readonly Caveat[])[] = [];
    for (const caveat of parent?.verified.token.caveats ?? []) {
      if (caveat.type !== '3P') continue;
      const opened = options.dischargeKeys
        .map((key) => openTicket(key, caveat.ticket, crypto))
        .find((outcome) => outcome.ok);
      if (caveat.location !== options.dischargeLocation || !opened?.ok) {
        throw new HangarError('caveat_denied', {
          public: `Token ${parent?.id} needs a discharge from ${caveat.location}; a token minted from it could not. Attenuate it instead.`,
        });
      }
      tickets.push(opened.value.caveats.filter((each) => !isLoginOf(each)));
    }
    return tickets;
  }

  /** What is asked for, checked. */
  function wanted(request: MintRequest): Wanted {
    const lists = caveatLists(request);
    const seconds = lifetimeOf(request);
    checkText('name', request.name);
    checkText('creator', request.creator);
    return { request, lists, seconds };
  }

  /** Signs; nothing is recorded. */
  function sign(
    { request, lists, seconds }: Wanted,
    { carried, tickets, depth, key }: Inherited & { depth: number; key: SigningKey },
  ): Minted {
    const { workspace } = request;
    const createdAt = options.now();
    const start = Math.floor(createdAt.getTime() / 1000);
    const window: Caveat = {
      type: 'ValidityWindow',
      notBefore: start - CLOCK_LEEWAY_SECONDS,
      notAfter: start + seconds,
    };
    // All tokens of a preset share their nonce, so that one id stands for the whole.
    const base = mintMacaroon({
      key: key.bytes,
      keyId: keyIdOf(key.number),
      location: options.location,
      caveats: [],
      crypto,
    });
    const loginOf = { token: tokenId(base) };
    const made = lists.map((list) => {
      const [organization, ...rest] = list;
      let token = attenuate(
        base,
        [...(organization ? [organization] : []), window, ...carried, ...rest],
        crypto,
      );
      for (const ticket of tickets)
        token = addLogin(token, [...ticket, privateCaveat(loginOfCaveat, loginOf)]);
      if (request.requireLogin && tickets.length === 0)
        token = addLogin(token, loginTicketCaveats(workspace, loginOf, options.dischargeSeconds));
      return token;
    });
    const row = rowOf(request, made, {
      id: loginOf.token,
      keyNumber: key.number,
      createdAt,
      end: start + seconds,
      depth,
    });
    return {
      id: row.id,
      token: made.map(encodeToken).join(','),
      expiresAt: row.expiresAt,
      thirdParty: made.some((token) => token.caveats.some((caveat) => caveat.type === '3P'))
        ? [options.dischargeLocation]
        : [],
      row,
    };
  }

  return {
    mint: async (request) => {
      const asked = wanted(request);
      const { workspace } = request;
      const parent = request.parent && (await judged(request.parent, workspace));
      const place = await placeBelow(parent, { workspace, store: options.store, limits: options.limits });
      const from = { carried: carriedFrom(parent), tickets: inherited(parent) };
      const key = await options.keys.current(workspace);
      const minted = sign(asked, { ...from, depth: place.depth, key });
      const refused = await options.store.addToken({
        row: minted.row,
        ancestors: place.ancestors,
        keys: [key.number, ...(parent ? [parent.keyNumber] : [])],
        limits: recordLimits(options.limits),
      });
      if (refused !== undefined) throw notRecorded(refused, options.limits);
      return minted;
    },
    prepare: async (request) => {
      const asked = wanted(request);
      const { key, row } = await options.keys.prepare(request.workspace);
      return { ...sign(asked, { carried: [], tickets: [], depth: 1, key }), key: row };
    },
  };
}

/** Every restriction of the asking token, for the new one to carry. */
function carriedFrom(parent: Parent | undefined): readonly Caveat[] {
  const carried = parent?.verified.token.caveats.filter((caveat) => caveat.type !== '3P') ?? [];
  if (
    [...everyCaveat(carried)].some(
      (caveat) => caveat.type === 'Unknown' && COUNTING_CAVEATS.has(caveat.number),
    )
  ) {
    throw new HangarError('caveat_denied', {
      public: `Token ${parent?.id} has a budget that a new token would start afresh. Attenuate it instead.`,
    });
  }
  return carried;
}

function caveatLists(request: MintRequest): readonly (readonly Caveat[])[] {
  const { workspace, preset, caveats, alsoCaveats = [] } = request;
  if ((preset === undefined) === (caveats === undefined)) {
    throw invalid({ preset: 'give a preset or caveats, one of them' });
  }
  checkMintable('caveats', alsoCaveats);
  // Left out silently they would make a token that may run everything.
  if (request.commands !== undefined && preset !== 'machine-exec')
    throw invalid({ commands: 'only preset machine-exec takes commands' });
  if (preset !== undefined) {
    const lists = presetCaveats(preset, {
      workspace,
      ...(request.appId === undefined ? {} : { app: request.appId }),
      ...(request.commands === undefined ? {} : { commands: request.commands }),
    });
    if (lists.ok) return lists.value.map((list) => [...list, ...alsoCaveats]);
    switch (lists.reason.tag) {
      case 'unknown_preset':
        throw invalid({ preset: `one of ${Object.keys(presets).join(', ')}` });
      case 'app_needed':
        throw invalid({ app: `preset ${preset} is about one app` });
      case 'app_not_wanted':
        throw invalid({ app: `preset ${preset} takes no app` });
    }
  }
  const list = caveats ?? [];
  checkMintable('caveats', list);
  const organization: Caveat = { type: 'Organization', id: workspace, mask: 31 };
  const own = list.find((caveat) => caveat.type === 'Organization');
  const complete = own ? [own, ...list.filter((caveat) => caveat !== own)] : [organization, ...list];
  const scope = organizationScope([...complete, ...alsoCaveats]);
  // Scope 0 would be every organization at once.
  if (!scope.ok || scope.value !== workspace) {
    throw new HangarError('caveat_denied', {
      public: `A token of workspace ${workspace} cannot be for another organization.`,
    });
  }
  return [[...complete, ...alsoCaveats]];
}

/** Refuses what would make the token useless, or pretend to a promise that minting cannot keep. */
function checkMintable(field: string, caveats: readonly Caveat[]): void {
  for (const caveat of everyCaveat(caveats)) {
    const verdict = mintable(caveat);
    if (!verdict.ok) throw invalid({ [field]: verdict.reason });
  }
}

function mintable(caveat: Caveat): Result<true, string> {
  switch (caveat.type) {
    case 'Unknown':
      return HANGAR_CAVEATS.has(caveat.number)
        ? ok(true)
        : refuse(`caveat type ${caveat.number} is not known here`);
    case '3P':
      return refuse('a third-party caveat cannot be minted from a list; ask for require_login');
    case 'BindToParentToken':
    case 'ConfineUser':
    case 'ConfineOrganization':
    case 'ConfineGitHubOrg':
    case 'ConfineGoogleHD':
    case 'MaxValidity':
      return refuse(`${caveat.type} never clears in a permission token`);
    case 'FlyioUserID':
    case 'GitHubUserID':
    case 'GoogleUserID':
      return refuse(`${caveat.type} states a fact, which only a discharge may`);
    default:
      return ok(true);
  }
}

function lifetimeOf(request: MintRequest): number {
  const usual =
    request.preset === undefined ? DEFAULT_LIFETIME_SECONDS : presets[request.preset].lifetimeSeconds;
  const lifetime = parseLifetime(request.expiresInSeconds ?? usual);
  if (lifetime.ok) return lifetime.value;
  throw invalid({ expires_in: `between 1 second and ${MAX_LIFETIME_SECONDS / 86_400} days` });
}

function rowOf(
  request: MintRequest,
  made: readonly Macaroon[],
  facts: { id: string; keyNumber: bigint; createdAt: Date; end: number; depth: number },
): TokenRow {
  const caveats = made.flatMap((token) => token.caveats).filter((caveat) => caveat.type !== '3P');
  const end = certainEnd(caveats) ?? facts.end;
  const sentences = made.map((token) => token.caveats.map((caveat) => explainCaveat(caveat, HANGAR_CAVEATS)));
  return {
    id: facts.id,
    workspace: request.workspace,
    keyNumber: facts.keyNumber,
    name: request.name,
    preset: request.preset ?? 'custom',
    creator: request.creator,
    ...(request.appId === undefined ? {} : { app: request.appId }),
    depth: facts.depth,
    parts: made.map((token) => ({ digest: sha256Hex(token.tail) })),
    caveats: `[${made.map((token) => jsonOf(token.caveats)).join(',')}]`,
    summary: sentences.flatMap((list, index) =>
      sentences.length === 1 ? list : [`Token ${index + 1} of ${sentences.length}:`, ...list],
    ),
    endsWith: tokenEnding(made.at(-1) ?? made[0]!),
    createdAt: facts.createdAt,
    expiresAt: new Date(Math.min(end, facts.end) * 1000),
  };
}

/** Third-party caveats are left out: their sealed parts belong to the token, which is not kept. */
function jsonOf(caveats: readonly Caveat[]): string {
  return caveatsToJson(
    caveats.filter((caveat) => caveat.type !== '3P'),
    HANGAR_CAVEATS,
  );
}

/** Refuses what could not be shown in a list. Throws `invalid` naming the field. */
export function checkText(field: string, text: string): void {
  if (text.length === 0 || text.length > MAX_NAME_LENGTH || /[\p{Cc}\p{Cf}\u2028\u2029]/u.test(text)) {
    throw invalid({ [field]: `1 to ${MAX_NAME_LENGTH} printable characters` });
  }
}

function invalid(fields: Record<string, string>): HangarError {
  return new HangarError('invalid', { status: 400, fields });
}

/** A wrong list of caveats is the caller's fault; anything else stays a defect. */
export function asMintFault(error: unknown): unknown {
  return error instanceof MacaroonError ? invalid({ caveats: error.message }) : error;
}
