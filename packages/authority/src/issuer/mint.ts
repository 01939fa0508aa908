import {
  addThirdParty,
  attenuate,
  encodeToken,
  everyCaveat,
  mint as mintMacaroon,
  openTicket,
  privateCaveat,
  tokenId,
  type Caveat,
  type Macaroon,
  type TokenCrypto,
} from '@hangar/macaroon';
import { HangarError } from '@hangar/http';
import { tokenError } from '@hangar/contract';
import { isLoginOf, loginOfCaveat } from '../caveats/login-of.ts';
import { COUNTING_CAVEATS } from '../caveats/numbers.ts';
import { CLOCK_LEEWAY_SECONDS } from '../offline/lifetime.ts';
import { keyIdOf } from './key-id.ts';
import type { SigningKey, SigningKeys } from './keys.ts';
import { notRecorded, placeBelow, recordLimits, type Parent } from './place.ts';
import type { MintLimits } from '../limits.ts';
import { loginTicketCaveats } from './login-caveat.ts';
import type { IssuerStore, SigningKeyRow, TokenRow } from '../ports.ts';
import { isOver } from '../caveats/validity.ts';
import type { Presented } from './judged.ts';
import type { Judge } from './judge.ts';
import { caveatLists, checkText, lifetimeOf, type MintRequest } from './mint-request.ts';
import { rowOf } from './token-row.ts';

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
