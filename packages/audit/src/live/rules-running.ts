import { pages } from '../rule.ts';
import { imageTag } from '../rules/docker/image-name.ts';
import { isSecretName } from '../secrets/names.ts';
import { scanFile } from '../secrets/scan.ts';
import { looksSecret } from '../secrets/values.ts';
import { SourceFile } from '../tree/source-file.ts';
import { daysUntil, type LiveRule } from './live-rule.ts';
import type { LiveMachine } from './shapes.ts';

/** Everything of a configuration that whoever may read it reads: names, and texts. */
function* openTexts({ config }: LiveMachine): Generator<{ name: string; text: string }> {
  const sets = [config?.env, config?.metadata, ...(config?.containers ?? []).map(({ env }) => env)];
  for (const set of sets)
    for (const [name, value] of Object.entries(set ?? {}))
      if (typeof value === 'string') yield { name, text: value };
  for (const file of config?.files ?? [])
    if (file.raw_value !== null && file.raw_value !== undefined)
      yield {
        name: file.guest_path ?? 'files',
        text: Buffer.from(file.raw_value, 'base64').toString('utf8'),
      };
  for (const list of [config?.init?.cmd, config?.init?.entrypoint, config?.init?.exec])
    for (const text of list ?? []) yield { name: 'init', text };
}

const secretInConfig: LiveRule = {
  id: 'HA703',
  severity: 'critical',
  title: 'A secret stands in the configuration of a machine',
  reason: 'Everybody who may read machines reads it, tokens that may only read too.',
  fix: 'Run `fly secrets set NAME=NEW_VALUE -a APP`, delete NAME from `[env]`, and deploy.',
  source: pages.secrets,
  *check({ apps }) {
    for (const app of apps) {
      const told = new Set<string>();
      for (const machine of app.machines)
        for (const { name, text } of openTexts(machine)) {
          if (told.has(name)) continue;
          const known = scanFile(new SourceFile(name, text)).some(
            ({ kind }) => kind !== 'tigris-id' && kind !== 'aws-key',
          );
          if (!known && !(isSecretName(name) && looksSecret(text))) continue;
          told.add(name);
          yield {
            where: `${app.name}/${machine.id}`,
            detail: `${name} has a value that looks secret`,
            key: name,
          };
        }
    }
  },
};

const images: LiveRule = {
  id: 'HA708',
  severity: 'medium',
  title: 'Machines of one app run different images, or one that can change',
  reason:
    'Nobody can say what runs: the next restart may bring another image, and half of the machines have one already.',
  fix: 'Run `fly image show -a APP`, then `fly deploy -a APP --image IMAGE@sha256:…`.',
  source: pages.deploy,
  *check({ apps }) {
    for (const app of apps) {
      const groups = new Map<string, Set<string>>();
      for (const { config, image_ref: reference } of app.machines) {
        const named = config?.metadata?.['fly_process_group'];
        const group = typeof named === 'string' ? named : '';
        const digest = reference?.digest ?? undefined;
        if (digest !== undefined && digest !== '')
          groups.set(group, (groups.get(group) ?? new Set()).add(digest));
      }
      const split = [...groups].find(([, digests]) => digests.size > 1);
      if (split !== undefined)
        yield {
          where: app.name,
          detail: `${split[1].size} images run in the group ${split[0] === '' ? 'app' : split[0]}`,
          key: split[0],
        };
      const moving = app.machines.find(({ config, image_ref: reference }) => {
        const image = config?.image ?? '';
        return (
          image !== '' &&
          !image.startsWith('registry.fly.io/') &&
          imageTag(image) === 'moving' &&
          (reference?.digest ?? '') === ''
        );
      });
      if (moving !== undefined)
        yield {
          where: `${app.name}/${moving.id}`,
          detail: 'the image has no version and no digest',
          key: 'moving',
        };
    }
  },
};

const IDLE_DAYS = 30;

const volumes: LiveRule = {
  id: 'HA710',
  severity: 'medium',
  title: 'A volume is unencrypted, has no snapshots, or is used by nobody',
  reason:
    'A volume lies on one server: without snapshots its end is the end of the data. One that nobody uses is data that nobody looks after.',
  fix: 'Run `fly volumes update ID --scheduled-snapshots=true -a APP`, or `fly volumes destroy ID -a APP`.',
  source: pages.volumes,
  *check({ apps, now }) {
    for (const app of apps)
      for (const {
        id,
        encrypted,
        auto_backup_enabled: backed,
        attached_machine_id: machine,
        created_at: created,
      } of app.volumes) {
        const age = -(daysUntil(created, now) ?? 0);
        const idle = (machine === null || machine === undefined || machine === '') && age > IDLE_DAYS;
        const detail =
          encrypted === false
            ? 'it is not encrypted'
            : backed === false
              ? 'it has no snapshots'
              : idle
                ? `no machine has used it for up to ${age} days`
                : undefined;
        if (detail !== undefined) yield { where: `${app.name}/${id}`, detail, key: detail.slice(0, 12) };
      }
  },
};

const STALE_DAYS = 180;

const staleSecrets: LiveRule = {
  id: 'HA711',
  severity: 'low',
  title: 'A secret has not changed for half a year',
  reason: 'The longer a secret lives, the more copies of it there are.',
  fix: 'Make a new one where it is issued, and run `fly secrets set NAME=NEW_VALUE -a APP`.',
  source: pages.secrets,
  *check({ apps, now }) {
    for (const app of apps)
      for (const { name, changedAt } of app.secrets) {
        const days = daysUntil(changedAt, now);
        if (days !== undefined && -days > STALE_DAYS)
          yield { where: app.name, detail: `${name} has not changed for ${-days} days`, key: name };
      }
  },
};

const orphans: LiveRule = {
  id: 'HA714',
  severity: 'medium',
  title: 'An app is on no list of those that somebody answers for',
  reason: 'It costs money, has secrets and addresses, and nobody will notice when it is broken into.',
  fix: 'Put it on the list that `--owned` names, or run `fly apps destroy NAME`.',
  source: pages.private,
  *check({ apps, owned }) {
    if (owned === undefined) return;
    for (const { name } of apps)
      if (!owned.has(name)) yield { where: name, detail: `${name} is not on the list`, key: name };
  },
};

/** What runs, and what it keeps. */
export const LIVE_RUNNING_RULES: readonly LiveRule[] = [
  secretInConfig,
  images,
  volumes,
  staleSecrets,
  orphans,
];
