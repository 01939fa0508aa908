/** Lines of `.dockerignore` or `.gitignore`, each read once. */
export interface IgnoreRules {
  ignores(path: string): boolean;
}

/** A name longer than this, or with more stars, is no pattern of a person. */
const MAX_PATTERN_LENGTH = 300;
const MAX_LINES = 2_000;

interface Pattern {
  readonly segments: readonly string[];
  readonly negated: boolean;
  readonly anywhere: boolean;
}

/**
 * The rules of a file of ignored paths. `docker`: a pattern begins at the root; git: one without a slash holds in every folder.
 * The last pattern that fits decides, and a folder takes what is in it along.
 */
export function ignoreRules(text: string, dialect: 'docker' | 'git'): IgnoreRules {
  const patterns = text.split('\n', MAX_LINES).flatMap((line) => patternOf(line, dialect));
  return {
    ignores(path) {
      const parts = path.split('/');
      let ignored = false;
      for (const pattern of patterns) if (fits(pattern, parts)) ignored = !pattern.negated;
      return ignored;
    },
  };
}

function patternOf(line: string, dialect: 'docker' | 'git'): readonly Pattern[] {
  const trimmed = line.trim();
  if (trimmed === '' || trimmed.startsWith('#') || trimmed.length > MAX_PATTERN_LENGTH) return [];
  const negated = trimmed.startsWith('!');
  const plain = trimmed
    .slice(negated ? 1 : 0)
    .replace(/^\.?\//, '')
    .replace(/\/$/, '');
  const anywhere =
    dialect === 'git' &&
    !trimmed
      .slice(negated ? 1 : 0)
      .replace(/\/$/, '')
      .includes('/');
  return plain === '' || plain === '.' ? [] : [{ segments: plain.split('/'), negated, anywhere }];
}

function fits({ segments, anywhere }: Pattern, parts: readonly string[]): boolean {
  if (anywhere) return parts.some((part) => segmentFits(segments[0] ?? '', part));
  // Whatever is in a folder that fits goes with it.
  for (let length = 1; length <= parts.length; length += 1)
    if (pathFits(segments, parts.slice(0, length))) return true;
  return false;
}

/** One row of a table for each segment: no pattern can take longer than segments times parts. */
function pathFits(segments: readonly string[], parts: readonly string[]): boolean {
  let reached = new Set([0]);
  for (const segment of segments) {
    const next = new Set<number>();
    for (const at of reached) {
      if (segment === '**') for (let to = at; to <= parts.length; to += 1) next.add(to);
      else if (at < parts.length && segmentFits(segment, parts[at] ?? '')) next.add(at + 1);
    }
    reached = next;
  }
  return reached.has(parts.length);
}

/** `*` and `?` within one name, in time of pattern times name. */
function segmentFits(pattern: string, name: string): boolean {
  let at = 0;
  let from = 0;
  let star = -1;
  let mark = 0;
  while (from < name.length) {
    if (at < pattern.length && (pattern[at] === '?' || (pattern[at] === name[from] && pattern[at] !== '*'))) {
      at += 1;
      from += 1;
    } else if (pattern[at] === '*') {
      star = at;
      mark = from;
      at += 1;
    } else if (star !== -1) {
      at = star + 1;
      mark += 1;
      from = mark;
    } else return false;
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
}
