import { ignoreRules } from '../../tree/ignore-rules.ts';
import { isExample } from '../../tree/kinds.ts';
import type { Project } from '../../project.ts';
import type { Dockerfile } from '../../readers/dockerfile-stages.ts';
import { words } from '../../readers/dockerfile-stages.ts';
import { pages, type Rule } from '../../rule.ts';

const SENSITIVE =
  /(?:^|\/)(?:\.env(?:\.[\w.-]+)?|id_(?:rsa|dsa|ecdsa|ed25519)|[\w.-]+\.(?:pem|key|p12|pfx)|fly[\w.-]*\.toml[._-](?:bak|old|orig))$/;
const PUBLIC_PEM = /(?:^|[._-])(?:ca|cert|certs|chain|fullchain|public|pub|bundle|cacert)(?:[._-]|$)/i;

/** Whether a file with this path is one that no image should have. */
export function isSensitive(path: string): boolean {
  if (!SENSITIVE.test(path) || isExample(path)) return false;
  return !path.endsWith('.pem') || !PUBLIC_PEM.test(path.slice(path.lastIndexOf('/') + 1, -4));
}

const wholeContext: Rule = {
  id: 'HA204',
  severity: 'high',
  title: 'The whole folder is copied into the image, with a secret file in it',
  reason:
    '`COPY .` takes everything that `.dockerignore` does not name; whoever can pull the image can read it.',
  fix: 'Add the file to `.dockerignore`, one name a line: `.env*`, `*.pem`, `*.key`.',
  source: pages.dockerIgnore,
  *check(project) {
    for (const dockerfile of project.dockerfiles) {
      const copying = dockerfile.instructions.find(
        ({ name, rest }) => ['COPY', 'ADD'].includes(name) && copiesContext(rest),
      );
      if (copying === undefined) continue;
      const folder = contextOf(dockerfile, project);
      const exposed = exposedIn(folder, dockerfile, project);
      const [first] = exposed;
      if (first === undefined) continue;
      const more = exposed.length > 1 ? ` and ${exposed.length - 1} more` : '';
      yield {
        place: dockerfile.file.place(copying.start, copying.end),
        detail: `the whole folder is copied, and ${first}${more} is not in .dockerignore`,
        key: exposed.join(' '),
      };
    }
  },
};

function copiesContext(rest: string): boolean {
  if (/--from=/.test(rest)) return false;
  const sources = words(rest)
    .filter((word) => !word.startsWith('--'))
    .slice(0, -1);
  return sources.some((source) => ['.', './', '*', './*', '["."', '[".",'].includes(source));
}

/** Built from the folder of a fly.toml that names it, else from its own. */
function contextOf(dockerfile: Dockerfile, project: Project): string {
  const { folder } = dockerfile.file;
  const above = project.flyConfigs
    .map(({ file }) => file.folder)
    .filter((one) => one === folder || one === '' || folder.startsWith(`${one}/`));
  return above.includes(folder) ? folder : (above.toSorted((a, b) => b.length - a.length)[0] ?? folder);
}

function exposedIn(folder: string, dockerfile: Dockerfile, project: Project): readonly string[] {
  const prefix = folder === '' ? '' : `${folder}/`;
  const text =
    project.text(`${dockerfile.file.path}.dockerignore`) ?? project.text(`${prefix}.dockerignore`) ?? '';
  const rules = ignoreRules(text, 'docker');
  return project.paths.filter(
    (path) => path.startsWith(prefix) && isSensitive(path) && !rules.ignores(path.slice(prefix.length)),
  );
}

export const BUILD_CONTEXT_RULES: readonly Rule[] = [wholeContext];
