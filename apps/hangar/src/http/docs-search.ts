/** A page that lists the places in which all words are. */
export type DocsSearch = (words: string) => string;

/** What stands between two headings. */
interface Place {
  readonly page: string;
  readonly title: string;
  readonly id: string;
  readonly heading: string;
  readonly text: string;
  /** Heading and text in small letters, which is what is looked through. */
  readonly sought: string;
}

/** More words narrow nothing that five have not, and each is looked for in every place. */
const MOST_WORDS = 5;
/** What the form takes; a longer address is cut there. */
const LONGEST_QUERY = 64;
const MOST_PLACES = 20;
/** Letters around the first word that was found. */
const EXCERPT = 160;

/** Reads the pages once, as they were rendered. Nothing of a request is ever part of a pattern. */
export function createDocsSearch(pages: ReadonlyMap<string, string>): DocsSearch {
  const places = [...pages].flatMap(([page, html]) => (page === 'index' ? [] : placesOf(page, html)));
  const shell = pages.get('index') ?? '';
  return (asked) => {
    const text = asked.slice(0, LONGEST_QUERY);
    const words = text.toLowerCase().split(/\s+/).filter(Boolean).slice(0, MOST_WORDS);
    const found = places
      .filter(({ sought }) => words.length > 0 && words.every((word) => sought.includes(word)))
      .map((place) => ({
        place,
        inHeading: words.filter((word) => place.heading.toLowerCase().includes(word)).length,
      }))
      .sort((a, b) => b.inHeading - a.inHeading)
      .map(({ place }) => place);
    const main = `<main id="content"><h1>${escape(text)}</h1>${answer(found, words)}</main>`;
    return shell
      .replace(/<main id="content">[^]*<\/main>/, () => main)
      .replace(
        /(<input type="search"[^>]*?)(?: \/)?>/,
        (_, tag: string) => `${tag} value="${escape(text)}" />`,
      );
  };
}

function answer(found: readonly Place[], words: readonly string[]): string {
  if (found.length === 0) return '<p>Nothing has all of these words.</p>';
  const rows = found.slice(0, MOST_PLACES).map(({ page, title, id, heading, text }) => {
    const name = escape(heading === title ? title : `${title}: ${heading}`);
    return `<li><a href="/docs/${page}#${id}">${name}</a><p>${escape(excerpt(text, words))}</p></li>`;
  });
  const more = found.length > MOST_PLACES ? `<p>The first ${MOST_PLACES} of ${found.length}.</p>` : '';
  return `<ul class="found">${rows.join('')}</ul>${more}`;
}

function excerpt(text: string, words: readonly string[]): string {
  const small = text.toLowerCase();
  const at = Math.max(
    0,
    Math.min(...words.map((word) => small.indexOf(word)).filter((one) => one >= 0), text.length),
  );
  const from = at === text.length ? 0 : Math.max(0, at - EXCERPT / 2);
  return `${from > 0 ? '…' : ''}${text.slice(from, from + EXCERPT).trim()}${from + EXCERPT < text.length ? '…' : ''}`;
}

/** A page cut at its headings. */
function placesOf(page: string, html: string): readonly Place[] {
  const [, main = ''] = /<main id="content">([^]*)<\/main>/.exec(html) ?? [];
  const parts = main.split(/(?=<h[1-4] id=")/).flatMap((part) => {
    const [whole = '', id, heading = ''] = /^<h[1-4] id="([^"]*)">(.*?)<\/h[1-4]>/.exec(part) ?? [];
    return id === undefined ? [] : [{ id, heading: plain(heading), text: plain(part.slice(whole.length)) }];
  });
  const title = parts[0]?.heading ?? page;
  return parts.map((part) => ({
    page,
    title,
    ...part,
    sought: `${part.heading}\n${part.text}`.toLowerCase(),
  }));
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

function plain(html: string): string {
  return html
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => ENTITIES[name] ?? '')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
