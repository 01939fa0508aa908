import { currentTokens, isMacaroonToken, splitTokens } from '@hangar/flyio';
import { asHangarError, HangarError } from '@hangar/http';
import { isOrgSlug, type Secret } from '@hangar/security';
import { markAnswer } from '../answer/head.ts';
import type { UpstreamReply } from '../upstream/send.ts';
import { callersKey } from './app-gate.ts';
import { bringBack } from './caller-upstream.ts';
import type { PassthroughDeps } from './deps.ts';
import type { CallersRequest } from './handled-request.ts';
import { listRecords, type ListedRecord } from './storage/record.ts';
import { unmakeListed } from './storage/storage.ts';

/**
 * `DELETE /v1/apps/{app}`: first the app, with the caller's token, so that upstream decides; only then its storage, with the
 * operator's. A process that dies in between leaves storage of an app that is gone: the same request again finds it.
 */
export async function deleteApp(
  callers: CallersRequest,
  { app, target, headers }: { app: string; target: string; headers: Readonly<Record<string, string>> },
  deps: PassthroughDeps,
): Promise<Response> {
  const { authorization, door } = callers;
  const { requestId } = door;
  return await deps.perApp.run(callersKey(app, authorization), async () => {
    const found = await deps.gate.look(app, authorization);
    if ('refusal' in found) return await withoutApp(app, found.refusal, callers, deps);
    const { organization, number } = found.app;
    await deps.gate.allow(organization);
    const reply = await deps.upstream.send({ method: 'DELETE', target, authorization, headers });
    if (reply.status >= 300 && reply.status !== 404) return await bringBack(reply, 'DELETE', door);
    await reply.drop();
    deps.gate.forget(app, authorization);
    await unmake({ app, number, organizations: [organization] }, authorization, deps);
    return deleted(requestId);
  });
}

/**
 * There is no such app. Where one of that name left storage behind, whoever may delete in its organization may delete that:
 * the app itself can no longer be asked about.
 */
async function withoutApp(
  app: string,
  refusal: UpstreamReply,
  callers: CallersRequest,
  deps: PassthroughDeps,
): Promise<Response> {
  const { requestId } = callers.door;
  if (refusal.status !== 404) return await bringBack(refusal, 'DELETE', callers.door);
  const organizations = await deletingIn(callers, deps);
  const isLeft =
    organizations.length > 0 &&
    (await unmake({ app, number: undefined, organizations }, callers.authorization, deps));
  if (!isLeft) return await bringBack(refusal, 'DELETE', callers.door);
  await refusal.drop();
  return deleted(requestId);
}

/** The allowed organizations in which the caller may delete, as upstream says. Asked before anything of the operator's is. */
async function deletingIn(
  { authorization }: CallersRequest,
  deps: PassthroughDeps,
): Promise<readonly string[]> {
  const held = await deps.upstream.json({ method: 'GET', target: '/v1/tokens/current', authorization });
  if ('refusal' in held) {
    await held.refusal.drop();
    return [];
  }
  const read = currentTokens.safeParse(held.json);
  const slugs = new Set((read.data?.tokens ?? []).flatMap(({ org_slug: slug }) => slug ?? []));
  const found: string[] = [];
  for (const slug of slugs) {
    if (!isOrgSlug(slug) || !(await deps.rule.allows(slug)).ok) continue;
    if (await mayDeleteIn(slug, authorization, deps)) found.push(slug);
  }
  return found;
}

/** A macaroon says what it allows. Any other token is the whole of a user, who may what the organization lets see. */
async function mayDeleteIn(
  slug: string,
  authorization: Secret,
  { upstream }: PassthroughDeps,
): Promise<boolean> {
  const tokens = splitTokens(authorization.reveal());
  const judged = await upstream.send(
    tokens.some(isMacaroonToken)
      ? {
          method: 'POST',
          target: '/v1/tokens/authorize',
          authorization,
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ header: tokens.join(','), access: { org_slug: slug, action: 'd' } }),
        }
      : { method: 'GET', target: `/v1/apps?org_slug=${slug}`, authorization },
  );
  await judged.drop();
  return judged.status === 200;
}

/** Whose storage goes: an app that was deleted, with whatever earlier ones of its name left behind. */
interface Gone {
  readonly app: string;
  /** Of the one that was deleted just now. Undefined where there was none. */
  readonly number: number | undefined;
  readonly organizations: readonly string[];
}

/**
 * The records of apps that are gone. Another request may have made the next app of that name, and its storage, by now: an app is there
 * before its record is, so whose record was listed and who is not there after that is gone.
 */
async function recordsOf(
  { app, number, organizations }: Gone,
  authorization: Secret,
  { tigris, gate }: PassthroughDeps,
): Promise<readonly ListedRecord[]> {
  const records = await listRecords(tigris);
  // An app may have moved since its storage was made; its number stays.
  const held = records.filter(
    ({ owner }) =>
      owner.app === app && (owner.number === number || organizations.includes(owner.organization)),
  );
  if (held.every(({ owner }) => owner.number === number)) return held;
  const found = await gate.look(app, authorization);
  if ('refusal' in found) {
    await found.refusal.drop();
    if (found.refusal.status === 404) return held;
    throw new HangarError('upstream_failed', { detail: `upstream answered ${found.refusal.status}` });
  }
  const there = found.app.number;
  return held.filter(({ owner }) => owner.number === number || owner.number !== there);
}

/** The app is gone whatever becomes of its storage, and only a repetition can finish it. */
async function unmake(gone: Gone, authorization: Secret, deps: PassthroughDeps): Promise<boolean> {
  try {
    const records = await recordsOf(gone, authorization, deps);
    await unmakeListed(records, deps);
    if (records.length > 0) deps.log.info({ app: gone.app }, 'the storage of an app is deleted');
    return records.length > 0;
  } catch (cause) {
    throw new HangarError('upstream_failed', {
      status: 504,
      public: 'the app is deleted and its storage is not yet: send the same request again',
      detail: asHangarError(cause).message,
      cause,
    });
  }
}

/** The members that the user-env API answers with. */
function deleted(requestId: string): Response {
  const headers = markAnswer(new Headers(), { requestId, environment: undefined });
  return Response.json({ success: true, bucketDeleted: true }, { status: 202, headers });
}
