import type { Place } from '../../finding.ts';
import { pages, type Rule } from '../../rule.ts';
import { at, type Member, scalars, type ScalarNode, textOf } from '../../readers/config-node.ts';
import type { FlyConfig } from '../../readers/fly-config.ts';
import type { Project } from '../../project.ts';
import { isSecretName } from '../../secrets/names.ts';
import { isGuessed, isPlaceholder, isReference, looksSecret } from '../../secrets/values.ts';
import type { SecretHit } from '../../secrets/scan.ts';

interface Leaf {
  readonly name: string;
  readonly value: ScalarNode;
}

/** What a value under a name is to us. */
type Judgement = 'secret' | 'to-be-filled' | 'nothing';

function judge({ name, value }: Leaf, hits: readonly SecretHit[]): Judgement {
  const known = hits.some(
    (hit) => hit.start >= value.start && hit.end <= value.end && hit.kind !== 'tigris-id',
  );
  if (known) return 'secret';
  const text = textOf(value) ?? '';
  if (!isSecretName(name) || typeof value.value !== 'string' || isReference(text)) return 'nothing';
  if (isPlaceholder(text) || isGuessed(text)) return 'to-be-filled';
  return looksSecret(text) ? 'secret' : 'nothing';
}

function leavesOf(members: readonly Member[]): readonly Leaf[] {
  return members.flatMap(({ name, value }) =>
    [...scalars(value)].map(({ path, node }) => ({ name: [name, ...path].join('_'), value: node })),
  );
}

/** Places of a configuration whose values end up in the open. */
function openLeaves(config: FlyConfig): readonly Leaf[] {
  const attached = at(config.root, 'experimental', 'attached', 'secrets');
  return [
    ...leavesOf(config.env),
    ...config.files.flatMap((file) => {
      const raw = at(file, 'raw_value');
      return raw?.kind === 'scalar'
        ? [{ name: textOf(at(file, 'guest_path')) ?? 'raw_value', value: raw }]
        : [];
    }),
    ...(attached?.kind === 'table' ? leavesOf(attached.members) : []),
  ];
}

function placeOf(config: FlyConfig, { value }: Leaf): Place {
  return config.file.place(value.start, value.end);
}

function* overLeaves(project: Project, leaves: (config: FlyConfig) => readonly Leaf[], wanted: Judgement) {
  for (const config of project.flyConfigs) {
    const hits = project.secrets.filter((hit) => hit.file === config.file);
    for (const leaf of leaves(config)) if (judge(leaf, hits) === wanted) yield { config, leaf };
  }
}

const secretInEnv: Rule = {
  id: 'HA101',
  severity: 'critical',
  title: 'A secret stands in the configuration of the app',
  reason:
    'The file is in version control and on every laptop, and the value in plain text in the configuration of each machine.',
  fix: 'Run `fly secrets set NAME=VALUE`, delete the line, and rotate the secret: it stays in the history of git.',
  source: pages.secrets,
  *check(project) {
    for (const { config, leaf } of overLeaves(project, openLeaves, 'secret'))
      yield {
        place: placeOf(config, leaf),
        detail: `${leaf.name} has a literal value`,
        fix: `Run \`fly secrets set ${leaf.name}=NEW_VALUE\` with a new value, and delete the line; the old one stays in the history of git.`,
        key: leaf.name,
      };
  },
};

const secretInBuildArgs: Rule = {
  id: 'HA102',
  severity: 'high',
  title: 'A secret is a build argument',
  reason: 'Build arguments stay in the history of the image, for everybody who may pull it.',
  fix: 'Delete it from `[build.args]`, mount it with `RUN --mount=type=secret,id=NAME`, and deploy with `fly deploy --build-secret NAME=VALUE`.',
  source: pages.dockerSecrets,
  *check(project) {
    for (const { config, leaf } of overLeaves(project, (one) => leavesOf(one.buildArgs), 'secret'))
      yield {
        place: placeOf(config, leaf),
        detail: `${leaf.name} in [build.args] has a literal value`,
        key: leaf.name,
      };
  },
};

const emptySecret: Rule = {
  id: 'HA103',
  severity: 'medium',
  title: 'A secret is named with an empty or made-up value',
  reason:
    'An empty value hides that the secret is missing, and somebody will fill in the real one where it does not belong.',
  fix: 'Delete the line, and run `fly secrets set NAME=VALUE`.',
  source: pages.secrets,
  *check(project) {
    const all = (config: FlyConfig) => [...openLeaves(config), ...leavesOf(config.buildArgs)];
    for (const { config, leaf } of overLeaves(project, all, 'to-be-filled'))
      yield {
        place: placeOf(config, leaf),
        detail: `${leaf.name} is empty or a placeholder`,
        fix: `Delete the line, and run \`fly secrets set ${leaf.name}=VALUE\`.`,
        key: leaf.name,
      };
  },
};

/** Secrets in configuration files of flyctl. */
export const ENVIRONMENT_RULES: readonly Rule[] = [secretInEnv, secretInBuildArgs, emptySecret];
