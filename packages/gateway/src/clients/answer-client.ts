import type { Answer } from '../answer/respond.ts';
import type { ClientHandler } from '../request/route.ts';
import type { Exchange, HandlerDeps } from '../upstream/exchange.ts';
import { answerGraphql } from './graphql/answer.ts';
import { findImage, hostIssues } from './rest/fly-graphql.ts';
import { readLogs } from './rest/logs.ts';
import { getOrganization, listOrganizations } from './rest/organizations.ts';
import {
  createRelease,
  currentReleases,
  currentReleaseTimes,
  getRelease,
  listReleases,
  reportRelease,
} from './rest/releases.ts';
import { noteBuild, orderRelease, reportReleaseById } from './rest/translated.ts';

/** Carries out one of them. */
export async function answerClient(
  handler: ClientHandler,
  exchange: Exchange,
  deps: HandlerDeps,
): Promise<Answer> {
  const { clients } = deps;
  switch (handler) {
    case 'graphql':
      return await answerGraphql(exchange, clients);
    case 'list-organizations':
      return listOrganizations(exchange);
    case 'get-organization':
      return getOrganization(exchange);
    case 'note-build':
      return await noteBuild(exchange, clients.own);
    case 'order-release':
      return await orderRelease(exchange, clients.own);
    case 'report-release-by-id':
      return await reportReleaseById(exchange, clients.own);
    case 'create-release':
      return await createRelease(exchange, deps);
    case 'report-release':
      return await reportRelease(exchange, deps);
    case 'list-releases':
      return await listReleases(exchange, deps);
    case 'get-release':
      return await getRelease(exchange, deps);
    case 'current-releases':
      return await currentReleases(exchange, deps);
    case 'current-release-times':
      return await currentReleaseTimes(exchange, deps);
    case 'read-logs':
      return await readLogs(exchange);
    case 'find-image':
      return await findImage(exchange, deps);
    case 'host-issues':
      return await hostIssues(exchange);
  }
}
