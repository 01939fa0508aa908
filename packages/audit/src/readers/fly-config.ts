import type { SourceFile } from '../tree/source-file.ts';
import { at, type ConfigNode, items, type Member, member, membersOf, Unreadable } from './config-node.ts';
import { readServices, type FlyService } from './fly-services.ts';
import { readToml } from './toml.ts';
import { readYaml } from './yaml.ts';

/** A configuration of flyctl, in the words of its file. */
export interface FlyConfig {
  readonly file: SourceFile;
  readonly root: ConfigNode;
  /** Members of `[env]`, in whatever form it stands. */
  readonly env: readonly Member[];
  readonly buildArgs: readonly Member[];
  readonly image: Member | undefined;
  readonly services: readonly FlyService[];
  readonly mounts: readonly ConfigNode[];
  readonly files: readonly ConfigNode[];
}

/**
 * Reads what flyctl reads: `fly*.toml`, `fly.json`, `fly*.yaml`. flyctl refuses a byte order mark, and so do we.
 *
 * @throws Unreadable for a file that flyctl would not take
 */
export function readFlyConfig(file: SourceFile): FlyConfig {
  if (file.text.startsWith('\ufeff'))
    throw new Unreadable('begins with a byte order mark, which flyctl refuses');
  const root = parse(file);
  if (root?.kind !== 'table') throw new Unreadable('holds no table');
  const build = at(root, 'build');
  return {
    file,
    root,
    env: membersOf(at(root, 'env')),
    buildArgs: membersOf(at(build, 'args')),
    image: member(build, 'image'),
    services: readServices(root),
    mounts: [...items(at(root, 'mounts')), ...items(at(root, 'mount'))].filter((one) => one.kind === 'table'),
    files: items(at(root, 'files')),
  };
}

function parse({ name, text }: SourceFile): ConfigNode | undefined {
  if (name.endsWith('.json')) {
    try {
      JSON.parse(text);
    } catch {
      throw new Unreadable('not JSON');
    }
    return readYaml(text);
  }
  // flyctl takes the end of the name at its word: `.yml` is read as TOML.
  return name.endsWith('.yaml') ? readYaml(text) : readToml(text);
}
