import { encodeCaveats, encodeToken, verifiedElsewhere } from '@hangar/macaroon';
import { errorTable, HangarError, ok, parseStrictJson, type ErrorCode } from '@hangar/http';
import { CALL_PATH, calls, type Answered, type Asking, type CallName } from './calls.ts';
import type { Asker, RevocationTarget } from '../../ports.ts';
import type { Presented } from '../judged.ts';
import type { Issuer } from '../port.ts';
import { pack, unpack } from './pack.ts';

/** A page of the feed is some two megabytes; a page of tokens is more when their caveats are long. */
const MAX_ANSWER_BYTES = 67_108_864;

/**
 * Posts JSON to one half of an issuer that runs apart and answers what came back, or throws when nothing did.
 * The address, its time limits and who may reach it are the app's affair.
 */
export type SendToIssuer = (
  half: 'verify' | 'sign',
  path: string,
  body: string,
) => Promise<{ readonly status: number; readonly body: Uint8Array }>;

/**
 * An issuer that runs in a process of its own. No key ever comes here: verdicts, tokens and rows do. Every
 * call throws `unavailable` when there is no answer, and what the issuer itself threw otherwise.
 */
export function createRemoteIssuer(send: SendToIssuer): Issuer {
  async function ask<N extends CallName>(name: N, question: Asking<N>): Promise<Answered<N>> {
    const sent = await send(calls[name].half, CALL_PATH + name, pack(question)).catch((cause: unknown) => {
      throw unavailable(`the issuer does not answer to ${name}`, cause);
    });
    const json = parseStrictJson(sent.body, { maxBytes: MAX_ANSWER_BYTES });
    if (!json.ok) throw unavailable(`the issuer's answer to ${name} is ${json.reason.tag}`);
    if (sent.status !== 200) throw thrownThere(json.value, sent.status);
    const answer = calls[name].answers.safeParse(unpack(json.value));
    if (!answer.success) throw unavailable(`the issuer's answer to ${name} has another form`, answer.error);
    return answer.data as Answered<N>;
  }

  return {
    about: () => ask('about', {}),
    verify: async (presented) => {
      const { token, discharges } = presented;
      const outcome = await ask('verify', written(presented));
      if (!outcome.ok) return outcome;
      const used = outcome.value.discharges.map(({ index, trusted }) => {
        const macaroon = discharges[index];
        if (!macaroon) throw unavailable('the issuer used a discharge that was not given');
        return { macaroon, trusted };
      });
      const { workspace, keyNumber, branches } = outcome.value;
      const verified = verifiedElsewhere(token, { discharges: used, branches });
      return ok({ workspace, keyNumber, verified });
    },
    recognize: async (token) => (await ask('recognize', { token: encodeToken(token) })).recognized,
    recognizeDischarge: async (discharge) =>
      (await ask('recognizeDischarge', { discharge: encodeToken(discharge) })).origin,
    revokedSince: (number) => ask('revokedSince', { number }),
    recordUses: async (uses) => void (await ask('recordUses', { uses: [...uses] })),
    mint: async ({ caveats, alsoCaveats, parent, commands, ...request }) =>
      await ask('mint', {
        ...request,
        caveats: caveats === undefined ? undefined : encodeCaveats(caveats),
        alsoCaveats: alsoCaveats === undefined ? undefined : encodeCaveats(alsoCaveats),
        parent: parent === undefined ? undefined : written(parent),
        commands: commands?.map(({ args, exact }) => ({ args: [...(args ?? [])], exact })),
      }),
    prepare: async () => undefined,
    requireLogin: async (token, workspace) =>
      (await ask('requireLogin', { token: encodeToken(token), workspace })).token,
    token: async (workspace, id) => (await ask('token', { workspace, id })).row,
    tokens: async ({ apps, ...query }) =>
      (await ask('tokens', { ...query, apps: apps === undefined ? undefined : [...apps] })).rows,
    renameToken: async ({ asker, ...wish }) =>
      (await ask('renameToken', { ...wish, ...writtenAsker(asker) })).row,
    revoke: async ({ target, asker, ...wish }) => {
      return (await ask('revoke', { ...wish, ...writtenAsker(asker), target: writtenTarget(target) }))
        .reached;
    },
    rotateKey: async (workspace) => {
      const { number, retired } = await ask('rotateKey', { workspace });
      return { number, retired };
    },
    readTicket: (ticket) => ask('readTicket', { ticket }),
    discharge: (ticket, identity) =>
      ask('discharge', {
        ticket,
        identity: identity === undefined ? undefined : { ...identity, workspaces: [...identity.workspaces] },
      }),
  };
}

function written({ token, discharges }: Presented): { token: string; discharges: string[] } {
  return { token: encodeToken(token), discharges: discharges.map(encodeToken) };
}

function writtenTarget(target: RevocationTarget): Asking<'revoke'>['target'] {
  if (!('branches' in target)) return target;
  const branches = target.branches.map(({ of, ...branch }) => ({
    ...branch,
    of: of === undefined ? undefined : { ...of, above: [...of.above] },
  }));
  return { branches };
}

function writtenAsker(asker: Asker | undefined): Pick<Asking<'revoke'>, 'asker'> {
  return asker === undefined ? {} : { asker: { ...asker, branches: [...asker.branches] } };
}

/** The error that the issuer answered, with everything public that it said. */
function thrownThere(body: unknown, status: number): HangarError {
  const { error, code, fields, request_id: _, ...extra } = { ...(body as Record<string, unknown>) };
  if (typeof code !== 'string' || !Object.hasOwn(errorTable, code)) {
    return unavailable(`the issuer answered ${status}`);
  }
  return new HangarError(code as ErrorCode, {
    status,
    detail: `the issuer refused: ${String(error)}`,
    ...(typeof error === 'string' ? { public: error } : {}),
    ...(typeof fields === 'object' && fields !== null ? { fields: fields as Record<string, string> } : {}),
    extra,
  });
}

function unavailable(detail: string, cause?: unknown): HangarError {
  return new HangarError('unavailable', { detail, retryAfterSeconds: 1, cause });
}
