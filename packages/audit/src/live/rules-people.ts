import { pages } from '../rule.ts';
import { daysUntil, type LiveRule } from './live-rule.ts';
import type { LiveWorld } from './live-world.ts';

function tokensInForce({ organization, now }: LiveWorld) {
  return (organization?.limitedAccessTokens.nodes ?? []).filter(({ revokedAt, expiresAt }) => {
    const days = daysUntil(expiresAt, now);
    return (revokedAt === null || revokedAt === undefined) && (days === undefined || days >= 0);
  });
}

const wideTokens: LiveRule = {
  id: 'HA704',
  severity: 'medium',
  title: 'A token of the whole organization is in force',
  reason:
    'It works on every app. Tokens that may only read are made with the same profile and narrowed by the client, so that the list cannot tell them apart.',
  fix: 'Run `fly tokens create deploy -a APP -x 720h` for what needs it, then `fly tokens revoke ID`.',
  source: pages.tokens,
  *check(world) {
    for (const { id, name, profile, createdAt, user } of tokensInForce(world)) {
      if (profile !== 'deploy_organization') continue;
      const age = -(daysUntil(createdAt, world.now) ?? 0);
      yield {
        detail: `the token "${name}" of ${user?.email ?? 'nobody known'} is ${age} days old`,
        fix: `Run \`fly tokens revoke ${id}\` once nothing needs it.`,
        key: id,
      };
    }
  },
};

const YEAR_DAYS = 365;
const SOON_DAYS = 14;

const longTokens: LiveRule = {
  id: 'HA705',
  severity: 'high',
  title: 'A token lives too long, ends soon, or outlived its owner',
  reason:
    'A token of somebody who left still works. One for twenty years is one for ever. One that ends next week stops a deployment then.',
  fix: 'Run `fly tokens create deploy -a APP -x 720h`, put it where the old one is, then `fly tokens revoke ID`.',
  source: pages.tokens,
  *check(world) {
    const members = new Set(world.organization?.members.edges.map(({ node }) => node.email));
    for (const { id, name, expiresAt, user } of tokensInForce(world)) {
      const email = user?.email ?? undefined;
      const days = daysUntil(expiresAt, world.now);
      if (email !== undefined && members.size > 0 && !members.has(email))
        yield {
          detail: `the token "${name}" is of ${email}, who is no member`,
          severity: 'high',
          key: `${id} left`,
        };
      else if (days === undefined || days > 5 * YEAR_DAYS)
        yield {
          detail: `the token "${name}" ${days === undefined ? 'never ends' : `works for ${Math.round(days / YEAR_DAYS)} years`}`,
          severity: 'high',
          key: `${id} long`,
        };
      else if (days > YEAR_DAYS)
        yield { detail: `the token "${name}" works for ${days} days`, severity: 'medium', key: `${id} long` };
      else if (days < SOON_DAYS)
        yield { detail: `the token "${name}" ends in ${days} days`, severity: 'low', key: `${id} soon` };
    }
  },
};

const MADE_BY_MACHINES = /^(?:interactive-|ci[-_]|github|gha-|runner|tmp|temp|test)/i;
const PEERS_OF_ONE = 3;

const peers: LiveRule = {
  id: 'HA706',
  severity: 'medium',
  title: 'WireGuard peers that cannot be proven to be in use',
  reason:
    'Each is a way into the private network. The platform does not say when one was used last, so that nobody can tell a forgotten one.',
  fix: 'Run `fly wireguard list ORG`, ask whoever made it, then `fly wireguard remove ORG NAME`.',
  source: pages.wireguard,
  *check({ organization }) {
    const nodes = organization?.wireGuardPeers.nodes ?? [];
    for (const { name, id } of nodes)
      if (MADE_BY_MACHINES.test(name))
        yield { detail: `the peer ${name} was made by a program for a while`, severity: 'low', key: id };
    const owners = new Map<string, number>();
    for (const { name } of nodes) {
      const owner = name.replace(/[-_.]?(?:\d+|laptop|desktop|phone|home|work|mac|pc)+$/i, '');
      owners.set(owner, (owners.get(owner) ?? 0) + 1);
    }
    for (const [owner, count] of owners)
      if (count > PEERS_OF_ONE && !MADE_BY_MACHINES.test(owner))
        yield { detail: `${count} peers are named for ${owner}`, severity: 'medium', key: owner };
  },
};

const ownToken: LiveRule = {
  id: 'HA715',
  severity: 'low',
  title: 'What the token of this audit may do',
  reason: 'An audit reads. A token that may write is worth stealing from wherever the audit runs.',
  fix: 'Run `fly tokens create readonly ORG -x 24h`, and give that to `hangar audit --live`.',
  source: pages.tokens,
  *check({ presented }) {
    switch (presented.tag) {
      case 'personal':
        yield { detail: 'the token is a personal one: it may do whatever its owner may', key: 'own' };
        return;
      case 'unread':
        yield {
          detail: 'the token says nothing about itself that could be read',
          severity: 'info',
          key: 'own',
        };
        return;
      case 'token': {
        const where = presented.apps === undefined ? 'every app' : `${presented.apps} apps`;
        yield presented.writes
          ? { detail: `the token reads ${where}, and may change things`, key: 'own' }
          : { detail: `the token reads ${where}, and may change nothing`, severity: 'info', key: 'own' };
      }
    }
  },
};

/** Who has a way in. */
export const LIVE_PEOPLE_RULES: readonly LiveRule[] = [wideTokens, longTokens, peers, ownToken];
