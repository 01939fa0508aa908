import { at, isFalse, member, membersOf, numberOf, textOf } from '../../readers/config-node.ts';
import { pages, type Rule } from '../../rule.ts';
import { isPublic } from '../../readers/fly-services.ts';
import { imageTag } from '../docker/image-name.ts';
import { headOf } from './encryption.ts';

const noCheck: Rule = {
  id: 'HA130',
  severity: 'low',
  title: 'A service has no health check',
  reason:
    'Without a check the proxy sends requests to a machine that no longer answers, and a bad deployment passes for a good one.',
  fix: 'Add `[[http_service.checks]]` with `path`, `interval = "15s"` and `timeout = "5s"`, or `[checks]` at the top.',
  source: pages.config,
  *check(project) {
    for (const { file, root, services } of project.flyConfigs) {
      if (membersOf(at(root, 'checks')).length > 0) continue;
      // Two services of one port are one program: a check of the first looks at both.
      const checked = new Set(
        services.filter(({ checks }) => checks.length > 0).map(({ internalPort }) => internalPort),
      );
      const bare = services.find((service) => isPublic(service) && !checked.has(service.internalPort));
      if (bare === undefined) continue;
      yield { place: headOf(file, bare.node), detail: 'a service has no check', key: 'no check' };
    }
  },
};

const SNAPSHOTS_KEPT = 5;

const fewSnapshots: Rule = {
  id: 'HA131',
  severity: 'low',
  title: 'A volume has fewer snapshots than by default',
  reason:
    'A volume lies on one server. Its daily snapshots, kept five days by default, are all that is left when that server is gone.',
  fix: 'Delete `scheduled_snapshots = false`, and keep at least five days: `snapshot_retention = 5`.',
  source: pages.volumes,
  *check(project) {
    for (const { file, mounts } of project.flyConfigs)
      for (const mount of mounts) {
        const scheduled = member(mount, 'scheduled_snapshots');
        if (scheduled !== undefined && isFalse(scheduled.value)) {
          yield {
            place: file.place(scheduled.start, scheduled.value.end),
            detail: 'scheduled_snapshots is false',
          };
          continue;
        }
        const kept = member(mount, 'snapshot_retention');
        const days = numberOf(kept?.value);
        if (kept === undefined || days === undefined || days >= SNAPSHOTS_KEPT) continue;
        yield {
          place: file.place(kept.start, kept.value.end),
          detail: `snapshots are kept for ${days} days`,
        };
      }
  },
};

const noWayBack: Rule = {
  id: 'HA132',
  severity: 'info',
  title: 'A bad deployment is not taken back',
  reason:
    'With `auto_rollback = false`, or all machines replaced at once, a version that does not start takes the app down.',
  fix: 'Write `strategy = "rolling"` or `"bluegreen"` into `[deploy]`, and delete `auto_rollback = false`.',
  source: pages.deploy,
  *check(project) {
    for (const { file, root } of project.flyConfigs) {
      const rollback = member(at(root, 'experimental'), 'auto_rollback');
      if (rollback !== undefined && isFalse(rollback.value))
        yield { place: file.place(rollback.start, rollback.value.end), detail: 'auto_rollback is false' };
      const strategy = member(at(root, 'deploy'), 'strategy');
      if (strategy !== undefined && textOf(strategy.value) === 'immediate' && /prod/i.test(file.path))
        yield {
          place: file.place(strategy.start, strategy.value.end),
          detail: 'production is replaced all at once',
        };
    }
  },
};

const image: Rule = {
  id: 'HA133',
  severity: 'medium',
  title: 'The image that is deployed can change under its name',
  reason:
    'A tag is moved by whoever owns the image: the next deployment may run something else than the one before.',
  fix: 'Pin it by digest: `docker buildx imagetools inspect IMAGE` prints it, then `image = "IMAGE@sha256:…"`.',
  source: pages.config,
  *check(project) {
    for (const { file, root, image: named } of project.flyConfigs) {
      const text = textOf(named?.value);
      if (named === undefined || text === undefined || text === '') continue;
      // What is put in by a script, or was pushed to the app's own registry a moment ago, is nobody else's to move.
      if (
        /[%${<]|^your-/.test(text) ||
        text.startsWith('registry.fly.io/') ||
        isOwn(text, textOf(at(root, 'app')))
      )
        continue;
      const tag = imageTag(text);
      if (tag === 'digest') continue;
      yield {
        place: file.place(named.value.start, named.value.end),
        detail:
          tag === 'version'
            ? 'the image has a version and no digest'
            : 'the image has no tag, or one that moves',
        severity: tag === 'version' ? 'low' : 'medium',
        key: text,
      };
    }
  },
};

/** An image of the app's own name and of no registry was built where it is deployed from. */
function isOwn(image: string, app: string | undefined): boolean {
  return !image.includes('/') && app !== undefined && image.split(':')[0] === app;
}

/** How an app runs, and comes back. */
export const RUNNING_RULES: readonly Rule[] = [noCheck, fewSnapshots, noWayBack, image];
