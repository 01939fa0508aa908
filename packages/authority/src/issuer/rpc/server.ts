import { decodeCaveats, encodeToken, type Caveat } from '@hangar/macaroon';
import { HangarError, ok, parseStrictJson, readBody, type RequestContext, answerError } from '@hangar/http';
import { CALL_PATH, calls, isCallName, type Answering, type Asked, type CallName } from './calls.ts';
import type { TokenPart, TokenRow } from '../../ports.ts';
import type { Issuer } from '../port.ts';
import { pack, unpack } from './pack.ts';

/** A header's worth of tokens with their discharges, packed. */
const MAX_BODY_BYTES = 1_048_576;

/** An issuer's own HTTP surface. It asks for no credentials: who may reach the door may ask. */
export interface IssuerDoor {
  fetch(request: Request, door: RequestContext): Promise<Response>;
}

/**
 * The door of an issuer that runs apart, for one half of its questions: put the two halves on two sockets, and
 * only the one that mints has to be kept from whoever merely verifies. It has to be somewhere that nobody
 * else reaches, such as a Unix socket of mode 0600 (docs/specs/promises.md#authority-apart).
 */
export function createIssuerDoor(issuer: Issuer, half: 'verify' | 'sign'): IssuerDoor {
  const answer = answers(issuer);

  async function ask(request: Request, door: RequestContext): Promise<Response> {
    const { pathname } = new URL(request.url);
    const name = pathname.startsWith(CALL_PATH) ? pathname.slice(CALL_PATH.length) : '';
    if (!isCallName(name) || calls[name].half !== half) throw new HangarError('not_found');
    if (request.method !== 'POST')
      throw new HangarError('method_not_allowed', { headers: { allow: 'POST' } });
    const json = parseStrictJson(await readBody(request, MAX_BODY_BYTES, door));
    if (!json.ok) throw new HangarError('bad_request', { detail: json.reason.tag });
    return await answerOne(name, unpack(json.value));
  }

  async function answerOne(name: CallName, question: unknown): Promise<Response> {
    const asked = calls[name].asks.safeParse(question);
    if (!asked.success) throw new HangarError('bad_request', { detail: `${name}: ${asked.error.message}` });
    // Name and question were matched a line above, which the compiler cannot follow through the table.
    const handle = answer[name] as (asked: unknown) => Promise<unknown>;
    const body = await handle(asked.data);
    return new Response(pack(body), {
      headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
    });
  }

  return {
    fetch: async (request, door) => {
      try {
        return await ask(request, door);
      } catch (thrown) {
        return answerError(thrown, door);
      }
    },
  };
}

function answers(issuer: Issuer): { [N in CallName]: (asked: Asked<N>) => Promise<Answering<N>> } {
  return {
    about: async () => ({ ...(await issuer.about()) }),
    verify: async ({ token, discharges }) => {
      const outcome = await issuer.verify({ token, discharges });
      if (!outcome.ok) return outcome;
      const { workspace, keyNumber, verified } = outcome.value;
      return ok({
        workspace,
        keyNumber,
        discharges: verified.discharges.map(({ macaroon, trusted }) => ({
          index: discharges.indexOf(macaroon),
          trusted,
        })),
        branches: [...verified.branches],
      });
    },
    recognize: async ({ token }) => {
      const recognized = await issuer.recognize(token);
      if (recognized === undefined) return {};
      const { workspace, branches } = recognized;
      return { recognized: { workspace, branches: [...branches] } };
    },
    recognizeDischarge: async ({ discharge }) => {
      const origin = await issuer.recognizeDischarge(discharge);
      return origin === undefined ? {} : { origin };
    },
    revokedSince: async ({ number }) => {
      const page = await issuer.revokedSince(number);
      return { ...page, revocations: [...page.revocations] };
    },
    recordUses: async ({ uses }) => {
      await issuer.recordUses(uses.map((use) => ({ from: undefined, ...use })));
      return {};
    },
    mint: async ({ caveats, alsoCaveats, ...request }) => {
      const minted = await issuer.mint({
        ...request,
        caveats: caveats === undefined ? undefined : caveatsOf(caveats),
        alsoCaveats: alsoCaveats === undefined ? undefined : caveatsOf(alsoCaveats),
      });
      return { ...minted, thirdParty: [...minted.thirdParty], row: written(minted.row) };
    },
    requireLogin: async ({ token, workspace }) => ({
      token: encodeToken(await issuer.requireLogin(token, workspace)),
    }),
    token: async ({ workspace, id }) => {
      const row = await issuer.token(workspace, id);
      return row === undefined ? {} : { row: written(row) };
    },
    tokens: async (query) => {
      const rows = await issuer.tokens(query);
      return { rows: rows.map(written) };
    },
    renameToken: async (wish) => {
      const row = await issuer.renameToken(wish);
      return row === undefined ? {} : { row: written(row) };
    },
    revoke: async (wish) => ({ reached: [...(await issuer.revoke(wish))] }),
    rotateKey: ({ workspace }) => issuer.rotateKey(workspace),
    readTicket: ({ ticket }) => issuer.readTicket(ticket),
    discharge: async ({ ticket, identity }) => {
      const outcome = await issuer.discharge(ticket, identity);
      return outcome.ok ? ok(encodeToken(outcome.value)) : outcome;
    },
  };
}

function written(row: TokenRow): TokenRow & { summary: string[]; parts: TokenPart[] } {
  return { ...row, summary: [...row.summary], parts: [...row.parts] };
}

function caveatsOf(bytes: Uint8Array): readonly Caveat[] {
  const caveats = decodeCaveats(bytes);
  if (caveats.ok) return caveats.value;
  throw new HangarError('bad_request', { detail: 'a caveat set cannot be read' });
}
