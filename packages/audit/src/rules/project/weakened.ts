import { packageScripts, scriptLines, stepLines } from '../../readers/commands.ts';
import { scalars, textOf } from '../../readers/config-node.ts';
import type { Project } from '../../project.ts';
import { pages, type Rule, type Sighting } from '../../rule.ts';
import type { SourceFile } from '../../tree/source-file.ts';

interface Line {
  readonly file: SourceFile;
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** Whatever a shell runs: scripts, `scripts` of package.json, CMD and RUN, `run` of workflows, processes of a fly.toml. */
function* commandLines(project: Project): Generator<Line> {
  for (const file of project.scripts) yield* scriptLines(file);
  for (const file of project.packages) yield* readableScripts(file);
  for (const workflow of project.workflows)
    for (const job of workflow.jobs) for (const step of job.steps) yield* stepLines(workflow.file, step);
  for (const { file, instructions } of project.dockerfiles)
    for (const { rest, start, end } of instructions) yield { file, text: rest, start, end };
  for (const { file, root } of project.flyConfigs)
    for (const { path, node } of scalars(root)) {
      const section = path[0]?.toLowerCase() ?? '';
      if (!['env', 'processes', 'experimental', 'deploy', 'build'].includes(section)) continue;
      yield { file, text: `${path.at(-1) ?? ''}=${textOf(node) ?? ''}`, start: node.start, end: node.end };
    }
  for (const { file, lines } of project.envFiles)
    if (file.tracked !== false)
      for (const { name, value, start, end } of lines) yield { file, text: `${name}=${value}`, start, end };
}

/** A package.json that is no JSON is npm's to complain about. */
export function readableScripts(file: SourceFile): ReturnType<typeof packageScripts> {
  try {
    return packageScripts(file);
  } catch {
    return [];
  }
}

const WEAKENINGS: readonly { readonly pattern: RegExp; readonly detail: string; readonly mild?: boolean }[] =
  [
    {
      pattern: /--inspect(?:-brk)?=(?:0\.0\.0\.0|\[?::\]?)/,
      detail: 'the debugger listens on every address',
    },
    { pattern: /\bNODE_TLS_REJECT_UNAUTHORIZED\s*=\s*["']?0/, detail: 'Node does not look at certificates' },
    { pattern: /rejectUnauthorized["']?\s*[:=]\s*["']?false/i, detail: 'certificates are not looked at' },
    {
      pattern: /\b(?:PYTHONHTTPSVERIFY|GIT_SSL_NO_VERIFY)\s*=\s*["']?(?:0|1|true)/,
      detail: 'certificates are not looked at',
    },
    {
      pattern: /\bpip3?\s+install\b.{0,500}--trusted-host/,
      detail: 'pip does not look at the certificate of that host',
      mild: true,
    },
    {
      pattern: /\bnpm\s+config\s+set\s+strict-ssl\s+false/,
      detail: 'npm does not look at certificates',
      mild: true,
    },
  ];

const unprotected: Rule = {
  id: 'HA502',
  severity: 'high',
  title: 'A protection is switched off',
  reason:
    'A debugger that listens runs whatever it is told; without a look at certificates anybody in between may answer.',
  fix: 'Delete it. For a certificate of your own: `NODE_EXTRA_CA_CERTS=FILE`; for a debugger: `fly proxy 9229`, with `--inspect=127.0.0.1`.',
  source: pages.private,
  *check(project): Generator<Sighting> {
    for (const { file, text, start, end } of commandLines(project)) {
      const found = WEAKENINGS.find(({ pattern }) => pattern.test(text.slice(0, 65_536)));
      if (found === undefined) continue;
      yield {
        place: file.place(start, end),
        detail: found.detail,
        severity: found.mild === true ? 'low' : 'high',
      };
    }
  },
};

const installScript: Rule = {
  id: 'HA503',
  severity: 'medium',
  title: 'Installing the project fetches something from the network',
  reason:
    'It runs on every laptop and in every build, with whatever secrets are there, and no lockfile says what it gets.',
  fix: 'Make it a dependency with a version in the lockfile, and delete the script.',
  source: pages.npm,
  *check(project): Generator<Sighting> {
    for (const file of project.packages)
      for (const { name, text, start, end } of readableScripts(file)) {
        if (!/^(?:pre|post)?install$/.test(name)) continue;
        if (
          !/\b(?:curl|wget)\s|https?:\/\/|\bnpx\s+(?!--no-install|--no\s)\S+@(?:latest|next)|\bgit\s+clone\b/.test(
            text,
          )
        )
          continue;
        yield { place: file.place(start, end), detail: `${name} asks the network`, key: name };
      }
  },
};

/** What projects do to themselves. */
export const WEAKENED_RULES: readonly Rule[] = [unprotected, installScript];
