import { encodeToken, type Macaroon } from '@hangar/macaroon';
import { randomToken, sha256Hex, type Sealer } from '@hangar/security';
import type { FlowRow, FlowStore } from '../ports.ts';

/** Time to sign in and confirm. */
export const FLOW_SECONDS = 600;

/** The answer that a poll collects, in the words of the protocol. */
export type FlowAnswer = { readonly discharge: string } | { readonly error: string };

/** Which of the two secrets of a flow. */
export type SecretKind = 'user' | 'poll';

/** Sign-ins under way. The two secrets are in the addresses that were handed out, and nowhere here. */
export interface Flows {
  start(ticket: Uint8Array, from: string | undefined): Promise<{ userSecret: string; pollSecret: string }>;
  /**
   * Whether we made this secret once, without asking the database: whoever guesses is told so at no cost, and whoever
   * holds one is counted by it and not by an address that strangers share.
   */
  isOurs(secret: string, kind: SecretKind): boolean;
  /** The flow of a page, while it lives. */
  find(userSecret: string): Promise<FlowRow | undefined>;
  /** Settles it; false when somebody was faster or it is over. */
  allow(flow: FlowRow, discharge: Macaroon, by: string): Promise<boolean>;
  refuse(flow: FlowRow, sentence: string, by: string): Promise<boolean>;
  /** `waiting`, the answer (to one caller only), or undefined when there is no such flow. */
  collect(pollSecret: string): Promise<'waiting' | FlowAnswer | undefined>;
}

/** Builds the flows on their store. */
export function createFlows(deps: { store: FlowStore; sealer: Sealer; now: () => Date }): Flows {
  const { store, sealer, now } = deps;

  async function settle(
    flow: FlowRow,
    state: 'ready' | 'refused',
    answer: FlowAnswer,
    by: string,
  ): Promise<boolean> {
    const { userDigest } = flow;
    const sealed = sealer.seal(JSON.stringify(answer), placeOf(userDigest));
    return await store.settleFlow({ userDigest, state, answer: sealed, by, at: now() });
  }

  const newSecret = (kind: SecretKind): string =>
    Buffer.from(sealer.seal(randomToken(), secretPlaceOf(kind))).toString('base64url');

  return {
    isOurs: (secret, kind) => {
      try {
        sealer.open(Buffer.from(secret, 'base64url'), secretPlaceOf(kind));
        return true;
      } catch {
        return false;
      }
    },
    start: async (ticket, from) => {
      const secrets = { userSecret: newSecret('user'), pollSecret: newSecret('poll') };
      const createdAt = now();
      await store.addFlow({
        userDigest: sha256Hex(secrets.userSecret),
        pollDigest: sha256Hex(secrets.pollSecret),
        ticket,
        state: 'waiting',
        startedFrom: from,
        createdAt,
        expiresAt: new Date(createdAt.getTime() + FLOW_SECONDS * 1000),
      });
      return secrets;
    },
    find: (userSecret) => store.flow(sha256Hex(userSecret), now()),
    allow: (flow, discharge, by) => settle(flow, 'ready', { discharge: encodeToken(discharge) }, by),
    refuse: (flow, sentence, by) => settle(flow, 'refused', { error: sentence }, by),
    collect: async (pollSecret) => {
      const flow = await store.collectFlow(sha256Hex(pollSecret), now());
      if (!flow) return undefined;
      if (flow.state === 'waiting' || !flow.answer) return 'waiting';
      return JSON.parse(sealer.openText(flow.answer, placeOf(flow.userDigest))) as FlowAnswer;
    },
  };
}

function secretPlaceOf(kind: SecretKind): string {
  return `discharge flow/${kind} secret`;
}

function placeOf(userDigest: string): string {
  return `authority_flows.answer/${userDigest}`;
}
