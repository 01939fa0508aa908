import type { Problem } from './finding.ts';
import { readEnvFile, type EnvLine } from './readers/env-file.ts';
import { readFlyConfig, type FlyConfig } from './readers/fly-config.ts';
import { readStages, type Dockerfile } from './readers/dockerfile-stages.ts';
import { readWorkflow, type Workflow } from './readers/workflow.ts';
import { Unreadable } from './readers/config-node.ts';
import { scanFile, type SecretHit } from './secrets/scan.ts';
import { MAY_HOLD_ENCODED, MAY_HOLD_SECRET } from './secrets/shapes.ts';
import { readTracked } from './tree/git-index.ts';
import { gitObjects } from './tree/git-objects.ts';
import { type FileKind, kindOf } from './tree/kinds.ts';
import { SourceFile } from './tree/source-file.ts';
import { readBytes, walk } from './tree/walk.ts';

/** A project as the rules see it: every file that matters, read once. */
export interface Project {
  readonly root: string;
  readonly now: Date;
  /** Every regular file, looked at or not. */
  readonly paths: readonly string[];
  /** What git has; undefined without git. */
  readonly tracked: ReadonlySet<string> | undefined;
  readonly flyConfigs: readonly FlyConfig[];
  readonly dockerfiles: readonly Dockerfile[];
  readonly workflows: readonly Workflow[];
  readonly envFiles: readonly { readonly file: SourceFile; readonly lines: readonly EnvLine[] }[];
  readonly scripts: readonly SourceFile[];
  readonly packages: readonly SourceFile[];
  readonly documents: readonly SourceFile[];
  readonly secrets: readonly SecretHit[];
  /** Files of a known kind that could not be read as that. */
  readonly unreadable: readonly { readonly file: SourceFile; readonly reason: string }[];
  readonly problems: readonly Problem[];
  /** Files with a comment for this checker. */
  readonly commented: readonly SourceFile[];
  readonly fileCount: number;
  /** Secrets that git still has, with the object that holds each; none unless they were asked for. */
  history(): Iterable<{ readonly hit: SecretHit; readonly object: string | undefined }>;
  /** The text of a file that is no special one. */
  text(path: string): string | undefined;
}

const FATAL = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const LENIENT = new TextDecoder('utf-8', { ignoreBOM: true });

/** Looks at a folder. Nothing in it is run, no link is followed, nothing is written. */
export function readProject(root: string, now: Date, withHistory: boolean): Project {
  const index = readTracked(root);
  const tracked = index.tag === 'read' ? index.paths : undefined;
  const tree = walk(root, tracked);
  const problems: Problem[] = [...tree.problems];
  if (index.tag === 'damaged')
    problems.push({ path: '.git/index', reason: 'the index of git could not be read' });
  const read = new Reading(root, tracked, problems);
  for (const path of tree.paths) read.take(path);
  return {
    ...read.found,
    root,
    now,
    paths: tree.paths,
    tracked,
    problems,
    fileCount: tree.paths.length,
    history: () => (withHistory && index.tag === 'read' ? historyOf(index.gitFolder, problems) : []),
    text: (path) => read.textOf(path),
  };
}

function* historyOf(
  gitFolder: string,
  problems: Problem[],
): Generator<{ hit: SecretHit; object: string | undefined }> {
  for (const { id, bytes } of gitObjects(gitFolder, (reason) => problems.push({ path: '.git', reason }))) {
    const raw = bytes.toString('latin1');
    if (!MAY_HOLD_SECRET.test(raw) && !MAY_HOLD_ENCODED.test(raw)) continue;
    for (const hit of scanFile(new SourceFile('.git', raw))) yield { hit, object: id };
  }
}

class Reading {
  readonly #root: string;
  readonly #tracked: ReadonlySet<string> | undefined;
  readonly #problems: Problem[];
  readonly found = {
    flyConfigs: [] as FlyConfig[],
    dockerfiles: [] as Dockerfile[],
    workflows: [] as Workflow[],
    envFiles: [] as { file: SourceFile; lines: readonly EnvLine[] }[],
    scripts: [] as SourceFile[],
    packages: [] as SourceFile[],
    documents: [] as SourceFile[],
    secrets: [] as SecretHit[],
    unreadable: [] as { file: SourceFile; reason: string }[],
    commented: [] as SourceFile[],
  };

  constructor(root: string, tracked: ReadonlySet<string> | undefined, problems: Problem[]) {
    this.#root = root;
    this.#tracked = tracked;
    this.#problems = problems;
  }

  take(path: string): void {
    const kind = kindOf(path);
    const bytes = readBytes(this.#root, path);
    if (typeof bytes === 'string') this.#problems.push({ path, reason: bytes });
    else if (bytes !== undefined) this.#takeBytes(path, kind, bytes);
    else if (kind !== 'other' && kind !== 'markdown')
      this.#refuse(new SourceFile(path, ''), 'binary, or longer than 5 MiB');
  }

  textOf(path: string): string | undefined {
    const bytes = readBytes(this.#root, path);
    return bytes === undefined || typeof bytes === 'string' ? undefined : LENIENT.decode(bytes);
  }

  #takeBytes(path: string, kind: FileKind, bytes: Buffer): void {
    if (kind === 'other') {
      // One byte one character: quick, and enough to say whether there is anything to look for.
      const raw = bytes.toString('latin1');
      if (!MAY_HOLD_SECRET.test(raw) && !MAY_HOLD_ENCODED.test(raw) && !raw.includes('hangar-ignore')) return;
    }
    const file = new SourceFile(path, LENIENT.decode(bytes), this.#tracked?.has(path));
    if (file.text.includes('hangar-ignore')) this.found.commented.push(file);
    // A secret that git does not have is where it belongs: on this machine alone.
    if (file.tracked !== false) for (const hit of scanFile(file)) this.found.secrets.push(hit);
    if (kind === 'other') return;
    try {
      if (kind !== 'markdown') FATAL.decode(bytes);
      this.#takeKind(file, kind);
    } catch (error) {
      if (error instanceof Unreadable) this.#refuse(file, error.message);
      else if (
        error instanceof TypeError &&
        'code' in error &&
        error.code === 'ERR_ENCODING_INVALID_ENCODED_DATA'
      )
        this.#refuse(file, 'not UTF-8');
      else if (error instanceof RangeError) this.#refuse(file, 'nested too deeply');
      else throw error;
    }
  }

  #refuse(file: SourceFile, reason: string): void {
    this.found.unreadable.push({ file, reason });
  }

  #takeKind(file: SourceFile, kind: Exclude<FileKind, 'other'>): void {
    switch (kind) {
      case 'fly':
        this.found.flyConfigs.push(readFlyConfig(file));
        return;
      case 'dockerfile':
        this.found.dockerfiles.push(readStages(file));
        return;
      case 'workflow':
        this.found.workflows.push(readWorkflow(file));
        return;
      case 'env':
        this.found.envFiles.push({ file, lines: readEnvFile(file) });
        return;
      case 'script':
        this.found.scripts.push(file);
        return;
      case 'package':
        this.found.packages.push(file);
        return;
      case 'markdown':
        this.found.documents.push(file);
    }
  }
}
