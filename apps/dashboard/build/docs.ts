import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, sep } from 'node:path';
import type { Plugin } from 'vite';
import { renderMarkdown } from './markdown.ts';

/** Renders every Markdown file below `folder` into `docs/NAME.html` beside the page, while the page is built. */
export function docs(folder: string): Plugin {
  return {
    name: 'hangar-docs',
    apply: 'build',
    generateBundle() {
      for (const { name, html } of renderDocs(readDocs(folder))) {
        this.emitFile({ type: 'asset', fileName: `docs/${name}.html`, source: html });
      }
    },
  };
}

/** The pages by name, such as `operating` or `decisions/0001-…`, as they were written. */
export function readDocs(folder: string): ReadonlyMap<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.md'),
  );
  const named = files.map((file) => {
    const name = file.split(sep).join('/').slice(0, -'.md'.length);
    return [name, readFileSync(join(folder, file), 'utf8')] as const;
  });
  return new Map(named.sort(([a], [b]) => a.localeCompare(b)));
}

/** What a reader comes for, in the order in which they come: a page is in the first of these that takes its name. */
const SECTIONS: readonly (readonly [string, RegExp])[] = [
  ['Guides', /^guides\//],
  ['Running it', /^(?:operating|configuration|storage|errors)$/],
  ['Rules', /^(?:specs\/.*|requirements|seeds|sources|token-engine)$/],
  ['Decisions', /^decisions\//],
  ['Reference', /^/],
];
/** Where the last one, which takes what is left, is shown. */
const SHOWN = ['Guides', 'Running it', 'Reference', 'Rules', 'Decisions'];

/** Whole pages: each with the list of all, and `index`, which is the list itself. */
export function renderDocs(sources: ReadonlyMap<string, string>): { name: string; html: string }[] {
  const pages = [...sources].map(([name, source]) => ({
    name,
    ...renderMarkdown(source, (href) => linkFrom(name, href, sources)),
  }));
  const sectionOf = (name: string): string => SECTIONS.find(([, takes]) => takes.test(name))?.[0] ?? '';
  const list = (current: string, heading: 'h2' | 'p') =>
    SHOWN.map((section) => {
      const links = pages
        .filter(({ name }) => sectionOf(name) === section)
        .map(({ name, title }) => {
          const here = name === current ? ' aria-current="page"' : '';
          return `<li><a href="/docs/${name}"${here}>${escape(title || name)}</a></li>`;
        });
      return links.length === 0 ? '' : `<${heading}>${section}</${heading}><ul>${links.join('')}</ul>`;
    }).join('');
  return [
    { name: 'index', html: page('Documentation', `<h1>Documentation</h1>${list('', 'h2')}`, list('', 'p')) },
    ...pages.map(({ name, title, html }) => ({ name, html: page(title || name, html, list(name, 'p')) })),
  ];
}

/** Where a link of one page leads: to the web, to a place, to another page; files of the repository are not served. */
function linkFrom(from: string, href: string, pages: ReadonlyMap<string, string>): string | undefined {
  if (/^(?:https?:|#)/.test(href)) return href;
  const [path = '', place] = href.split('#', 2);
  const name = posix.join(posix.dirname(from), path).replace(/\.md$/, '');
  if (!path.endsWith('.md') || !pages.has(name)) return undefined;
  return `/docs/${name}${place === undefined ? '' : `#${place}`}`;
}

function page(title: string, body: string, list: string): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <link rel="icon" type="image/svg+xml" href="/favicon.svg" />
    <link rel="stylesheet" href="/docs.css" />
    <title>${escape(title)} · Hangar</title>
  </head>
  <body>
    <a class="skip" href="#content">Skip to the content</a>
    <header><a href="/"><img src="/favicon.svg" alt="" width="24" height="24" /> Hangar</a></header>
    <div class="sheet">
      <nav aria-label="Pages">
        <form action="/docs" role="search"><input type="search" name="q" maxlength="64" placeholder="Search" aria-label="Search the documentation" /></form>
        <a href="/docs">Documentation</a>${list}
      </nav>
      <main id="content">${body}</main>
    </div>
  </body>
</html>
`;
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
