import type { Dockerfile } from '../../readers/dockerfile-stages.ts';
import { filled } from '../../readers/dockerfile-stages.ts';
import { pages, type Rule, type Sighting } from '../../rule.ts';
import { imageTag } from './image-name.ts';
import { shippedStages } from './secrets.ts';

const movingBase: Rule = {
  id: 'HA403',
  severity: 'medium',
  title: 'The image is built on something that can change',
  reason:
    'A tag is moved by its owner: the same commit builds something else tomorrow, and nobody has looked at it.',
  fix: 'Pin it by digest: `docker buildx imagetools inspect IMAGE` prints it, then `FROM IMAGE:VERSION@sha256:…`.',
  source: pages.dockerBest,
  *check(project): Generator<Sighting> {
    for (const dockerfile of project.dockerfiles)
      for (const { image, line, copied } of basesOf(dockerfile)) {
        const tag = imageTag(image);
        if (tag === 'digest') continue;
        const shown = image.slice(0, 200);
        yield {
          place: dockerfile.file.placeOfLine(line),
          detail:
            tag === 'version'
              ? `${shown} has a version and no digest`
              : `${shown} has no tag, or one that moves`,
          // A program that is copied out of an image is one file; a base is everything.
          severity: tag === 'version' || copied ? 'low' : 'medium',
          fix: `Run \`docker buildx imagetools inspect ${shown}\`, and write the digest behind it: \`${shown}@sha256:…\`.`,
          key: image,
        };
      }
  },
};

/** Images that are pulled: those of FROM, and those that COPY takes files from. Names of stages and `scratch` are none. */
function basesOf({ stages }: Dockerfile): readonly { image: string; line: number; copied: boolean }[] {
  const names = new Set(stages.flatMap((stage) => stage.name ?? []));
  const found = stages
    .filter((stage) => stage.base === undefined)
    .map(({ image, from }) => ({ image, line: from.line, copied: false }));
  for (const { instructions } of stages)
    for (const { name, rest, line } of instructions) {
      if (name !== 'COPY') continue;
      const from = /--from=["']?([^\s"']{1,300})/.exec(rest)?.[1];
      if (from !== undefined) found.push({ image: filled(from, new Map()), line, copied: true });
    }
  return found.filter(
    ({ image }) =>
      image !== '' &&
      image !== 'scratch' &&
      !names.has(image.toLowerCase()) &&
      !/^\d+$/.test(image) &&
      !image.includes('$'),
  );
}

/** A program that gives the rights of root away by itself, or cannot do without them. */
const NEEDS_ROOT =
  /\b(?:litefs|fuse3?|fusermount|tigrisfs|geesefs|s3fs|tailscaled?|wireguard|wg-quick|gosu|su-exec|setpriv|runuser|s6-overlay)\b|\bsu\s+-|exec\s+su\b|\bsudo\s+-u\b|iptables/i;
/** Images whose own entrypoint, or own setting, does so. */
const DROPS_BY_ITSELF =
  /(?:^|\/)(?:postgres|postgis|timescaledb|redis|valkey|mysql|mariadb|mongo|ghost|rabbitmq|memcached|elasticsearch|grafana|tempo|loki|prometheus|nats|vault|node-exporter|nginx-unprivileged|keycloak|minio)(?:-\w+)?(?:[:@]|$)|^grafana\/|^cgr\.dev\/|distroless\/[^\s]*nonroot|:nonroot|chainguard/i;

const root: Rule = {
  id: 'HA404',
  severity: 'low',
  title: 'The program runs as root',
  reason:
    'Each machine is a virtual machine of its own, so that this is one barrier less and not the only one.',
  fix: 'Write `RUN useradd --system app` and `USER app` into the last stage. Where a volume has to belong to it: `chown` in the entrypoint, then `exec gosu app`.',
  source: pages.dockerBest,
  *check(project) {
    for (const dockerfile of project.dockerfiles) {
      const last = dockerfile.stages.at(-1);
      if (
        last === undefined ||
        dockerfile.instructions.some(
          ({ rest, heredoc }) => NEEDS_ROOT.test(rest) || NEEDS_ROOT.test(heredoc),
        ) ||
        entrypointDrops(dockerfile, (path) => project.text(path))
      )
        continue;
      if (!runsAsRoot(dockerfile)) continue;
      yield {
        place: dockerfile.file.placeOfLine(last.from.line),
        detail: 'no USER in the last stage or in what it builds on',
        key: 'root',
      };
    }
  },
};

function runsAsRoot(dockerfile: Dockerfile): boolean {
  for (const stage of shippedStages(dockerfile)) {
    const user = stage.instructions.findLast(({ name }) => name === 'USER')?.rest;
    if (user !== undefined) return /^(?:root|0)(?::|$)/i.test(user.trim());
    if (stage.base === undefined) return !DROPS_BY_ITSELF.test(stage.image);
  }
  return true;
}

/** A script of the project that the image starts with may give the rights away. */
function entrypointDrops(dockerfile: Dockerfile, text: (path: string) => string | undefined): boolean {
  const { folder } = dockerfile.file;
  const starts = (dockerfile.stages.at(-1)?.instructions ?? []).filter(
    ({ name }) => name === 'ENTRYPOINT' || name === 'CMD',
  );
  return starts.some(({ rest }) =>
    [...rest.matchAll(/([\w.-]{1,100}\.sh|[\w-]{0,60}entrypoint[\w.-]{0,40})/g)].some(([name]) =>
      NEEDS_ROOT.test(text(folder === '' ? name : `${folder}/${name}`) ?? ''),
    ),
  );
}

/** What an image stands on. */
export const BASE_RULES: readonly Rule[] = [movingBase, root];
