import { assignments, type Dockerfile, type Stage, words } from '../../readers/dockerfile-stages.ts';
import type { Instruction } from '../../readers/dockerfile.ts';
import { pages, type Rule, type Sighting } from '../../rule.ts';
import { isSecretName } from '../../secrets/names.ts';
import { isGuessed, isReference, looksSecret } from '../../secrets/values.ts';
import { isSensitive } from '../tokens/build-context.ts';

/** Stages whose layers are in the image: the last one, and what it builds on. */
export function shippedStages(dockerfile: Dockerfile): readonly Stage[] {
  const shipped: Stage[] = [];
  for (
    let stage = dockerfile.stages.at(-1);
    stage !== undefined && !shipped.includes(stage);
    stage = stage.base
  )
    shipped.push(stage);
  return shipped;
}

const setInImage: Rule = {
  id: 'HA401',
  severity: 'high',
  title: 'A secret is part of the image',
  reason:
    '`ENV`, `ARG` and `LABEL` are kept in the image, for everybody who may pull it; as a default it also runs where the real one is missing.',
  fix: 'Use `RUN --mount=type=secret,id=NAME` while building, and `fly secrets set NAME=VALUE` for running.',
  source: pages.dockerSecrets,
  *check(project): Generator<Sighting> {
    for (const dockerfile of project.dockerfiles) {
      const { file } = dockerfile;
      const stages = shippedStages(dockerfile);
      const args = new Set(
        stages
          .flatMap((stage) => stage.instructions)
          .filter(({ name }) => name === 'ARG')
          .flatMap(({ rest }) => assignments(rest).map(({ name }) => name)),
      );
      for (const stage of stages)
        for (const instruction of stage.instructions) {
          if (!['ENV', 'ARG', 'LABEL'].includes(instruction.name)) continue;
          for (const { name, value } of assignments(instruction.rest, instruction.name === 'ENV')) {
            const verdict = judged(instruction, name, value, args);
            if (verdict === undefined) continue;
            yield {
              place: file.place(instruction.start, instruction.end),
              ...verdict,
              key: `${instruction.name} ${name}`,
            };
          }
        }
    }
  },
};

type Verdict = Pick<Sighting, 'detail' | 'severity'>;

function judged(
  instruction: Instruction,
  name: string,
  value: string | undefined,
  args: ReadonlySet<string>,
): Verdict | undefined {
  if (!isSecretName(name) || value === undefined) return undefined;
  const own = /^\$\{?(\w+)\}?$/.exec(value)?.[1];
  if (instruction.name === 'ENV' && own !== undefined && args.has(own))
    return { detail: `the build argument ${own} is kept as ${name}` };
  if (isReference(value) || value === '') return undefined;
  if (isGuessed(value)) return { detail: `${name} has a default that everybody tries first` };
  const forBuilding =
    /\b(?:dummy|placeholder|build|building|fake|temp|temporary)\b/i.test(value) || value.length < 6;
  if (forBuilding)
    return {
      detail: `${name} has a value for building, which becomes the default at run time`,
      severity: 'low',
    };
  return looksSecret(value) ? { detail: `${name} has a literal value` } : undefined;
}

const copiedFile: Rule = {
  id: 'HA402',
  severity: 'high',
  title: 'A secret file is copied into the image',
  reason:
    'A file of a layer can be read by everybody who may pull the image, even when a later layer deletes it.',
  fix: 'Mount it while building: `RUN --mount=type=secret,id=NAME`. For running: `fly secrets set NAME="$(cat FILE)"` and `[[files]] secret_name`.',
  source: pages.dockerSecrets,
  *check(project): Generator<Sighting> {
    for (const dockerfile of project.dockerfiles) {
      const shipped = shippedStages(dockerfile);
      for (const stage of shipped)
        for (const instruction of stage.instructions) {
          const found = secretSource(instruction);
          if (found !== undefined)
            yield {
              place: dockerfile.file.place(instruction.start, instruction.end),
              detail: found,
              key: found,
            };
        }
    }
  },
};

function secretSource({ name, rest }: Instruction): string | undefined {
  if (name !== 'COPY' && name !== 'ADD') return undefined;
  const parts = (
    rest.trimStart().startsWith('[') ? rest.split(/[[\],"\s]+/).filter((word) => word !== '') : words(rest)
  ).filter((word) => !word.startsWith('--'));
  if (/--from=/.test(rest)) return undefined;
  for (const source of parts.slice(0, -1)) {
    if (/^https?:\/\/\S{0,500}(?:token|secret|password|key)=/i.test(source))
      return 'an address with a secret in it is added';
    if (isSensitive(source.replace(/^\.\//, ''))) return `${source.slice(0, 100)} is copied`;
  }
  return undefined;
}

/** What should not be in an image. */
export const IMAGE_SECRET_RULES: readonly Rule[] = [setInImage, copiedFile];
