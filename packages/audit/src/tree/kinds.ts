/** What a file is, by its path. */
export type FileKind =
  | 'fly'
  | 'dockerfile'
  | 'workflow'
  | 'env'
  | 'script'
  | 'package'
  | 'markdown'
  | 'other';

const FLY = /^fly[\w.-]*\.(?:toml|yaml)$|^fly\.json$/;
const DOCKERFILE = /^dockerfile(?:[.-][\w.-]+)?$|^[\w.-]+\.dockerfile$/i;
const DOCKER_IGNORE = /\.dockerignore$/i;
const WORKFLOW = /(?:^|\/)\.github\/workflows\/[^/]+\.ya?ml$/;
const ENV = /^\.env(?:\..+)?$|^[\w-]+\.env$/;
const SCRIPT = /\.(?:sh|bash|zsh|mk)$|^(?:Makefile|GNUmakefile|makefile|Procfile|justfile|Justfile)$/;
const MARKDOWN = /\.(?:md|mdx)$/;

export function kindOf(path: string): FileKind {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (WORKFLOW.test(path)) return 'workflow';
  if (FLY.test(name)) return 'fly';
  if (DOCKERFILE.test(name) && !DOCKER_IGNORE.test(name)) return 'dockerfile';
  if (ENV.test(name)) return 'env';
  if (SCRIPT.test(name)) return 'script';
  if (name === 'package.json') return 'package';
  return MARKDOWN.test(name) ? 'markdown' : 'other';
}

/** A `.env` file that is made to be copied and filled in. */
export function isExample(path: string): boolean {
  return /(?:^|[._-])(?:example|examples|sample|template|dist|tmpl|defaults?)(?:[._-]|$)/i.test(
    path.slice(path.lastIndexOf('/') + 1),
  );
}
