// Whatever is cited can be opened: headings, ids and files that a text of this repository names are there.
import { posix } from 'node:path';

/** The page whose rows are the ids that test titles and comments may name. */
const REQUIREMENTS = 'docs/requirements.md';

/** Texts of before are left as they were written; these two say what must not be said. */
const NOT_JUDGED =
  /^(?:CHANGELOG\.md|package-lock\.json|docs\/decisions\/.*|scripts\/references\.mjs|test\/house\/references\.test\.ts)$/;

const CITE = /\bdocs\/[\w./-]+\.md(?:#[\p{L}\p{N}_-]+)?/gu;
const DECISION = /\bdocs\/decisions\/\d{4}(?=[^\d-])/g;
const LINK = /\]\((?!https?:|#)([^)\s#]*)(?:#([^)\s]*))?\)/g;
const NAMED_FILE = /\b(?:packages|apps|test|scripts|examples|src)\/[\w./-]+\.(?:[cm]?tsx?|mjs)\b/g;
/** A file by the end of its path alone, as in a walk through one folder. */
const END_OF_PATH = /`((?:[\w-]+\/)*[\w.-]+\.(?:[cm]?tsx?|mjs))`/g;
const ROW = /^\| ([A-Z]{2,5}-\d{1,3}) \| /gm;

/** Ways to point at a text that is not here. A rule is cited by its place in docs/, or said. */
const CLOSED = [
  /\bspecs? \d[\d.]*/i,
  /\bspec, section/i,
  /\bdesign decision/i,
  /\((?:design|decision) \d+\)/i,
  /\bdesign, section/i,
  /\bseeds? 0\d\d\b/i,
  /\bdefect [A-Z]?\d/,
  /\b(?:user-envs|security-reliability|fly-platform|hot-paths)\b/,
  /(?<!#)\bextensions-api(?: \d|\.md)/,
  /\b(?:macaroons|performance|stack|faults|neighbours|house|design)\.md\b/,
  /\bF-\d{2,3}\b/,
  /\((?!S3\b)(?:[A-Z]-?\d{1,2}(?:, )?)+\)/,
];

/**
 * Everything that is cited and cannot be opened.
 *
 * @param {ReadonlyMap<string, string>} texts every text file of the repository, by its path
 * @returns {string[]} one sentence for each
 */
export function checkReferences(texts) {
  const places = new Map(
    [...texts].filter(([file]) => file.endsWith('.md')).map(([file, text]) => [file, placesOf(text)]),
  );
  const ids = new Set([...(texts.get(REQUIREMENTS) ?? '').matchAll(ROW)].map((row) => row[1]));
  const prefixes = new Set([...ids].map((id) => id.split('-')[0]));
  const endsOfPaths = new Set([...texts.keys()].flatMap(endsOf));
  const offences = [];
  for (const [file, text] of texts) {
    if (NOT_JUDGED.test(file)) continue;
    const page = file.endsWith('.md');
    if (!page && !/\.(?:[cm]?[jt]s|tsx)$/.test(file)) continue;
    for (const [cite] of text.matchAll(CITE)) missing(file, ...cite.split('#'));
    for (const [decision] of text.matchAll(DECISION))
      if (![...places.keys()].some((name) => name.startsWith(`${decision}-`)))
        offences.push(`${file}: cites ${decision}, which is not there`);
    if (page) {
      const prose = text.replaceAll(/^```[^]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, '');
      for (const [, path, place] of prose.matchAll(LINK))
        missing(file, posix.join(posix.dirname(file), path), place);
      for (const [named] of text.matchAll(NAMED_FILE))
        if (!texts.has(named) && !texts.has(posix.join(posix.dirname(file), named)))
          offences.push(`${file}: names ${named}, which is not there`);
      for (const [, named] of text.replaceAll(NAMED_FILE, '').matchAll(END_OF_PATH))
        if (!endsOfPaths.has(named)) offences.push(`${file}: names ${named}, and no path ends like that`);
    }
    for (const [id, prefix] of text.matchAll(/\b([A-Z]{2,5})-\d{1,3}\b/g))
      if (prefixes.has(prefix) && !ids.has(id)) offences.push(`${file}: ${id} has no row in ${REQUIREMENTS}`);
    for (const [at, line] of text.split('\n').entries())
      for (const closed of CLOSED)
        if (closed.test(line))
          offences.push(
            `${file}:${at + 1}: "${closed.exec(line)[0]}" points at a text that is not here; cite docs/PAGE.md#HEADING or say it`,
          );
  }
  return offences;

  function missing(file, path, place) {
    const page = places.get(path);
    if (page === undefined) {
      if (path.endsWith('.md')) offences.push(`${file}: cites ${path}, which is not there`);
    } else if (place !== undefined && !page.has(place)) {
      offences.push(`${file}: cites ${path}#${place}, and there is no such heading`);
    }
  }
}

/** The anchors of a page, as the dashboard and GitHub make them. */
function endsOf(path) {
  const parts = path.split('/');
  return parts.map((_, at) => parts.slice(at).join('/'));
}

function placesOf(text) {
  const seen = new Map();
  const places = new Set();
  for (const [, words] of text.replaceAll(/^```[^]*?^```/gm, '').matchAll(/^#{1,6} (.+)$/gm)) {
    const base = placeOf(words);
    const count = seen.get(base) ?? 0;
    seen.set(base, count + 1);
    places.add(count === 0 ? base : `${base}-${count}`);
  }
  return places;
}

/** The anchor of a heading, as GitHub makes it. */
export function placeOf(heading) {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-');
}
