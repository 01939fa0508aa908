import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { HangarError } from '@hangar/http';
import { createDocsSearch, type DocsSearch } from './docs-search.ts';
import { pageFolder } from './page-folder.ts';

/** Where `npm run build` puts the pages it makes from the Markdown in `docs` (apps/dashboard/build/docs.ts). */
const folder = join(pageFolder, 'docs');

/** The pages run nothing; their sheet and the mark are our own. */
const headers = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy':
    "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'public, max-age=300',
};

/** Creates the reader of the documentation: `/docs` lists the pages, `/docs/NAME` shows one, `/docs?q=WORDS` finds places in them. */
export function createDocs(from: string = folder): (path: string, query?: string) => Response {
  let pages: ReadonlyMap<string, string> | undefined;
  let find: DocsSearch | undefined;
  return (path, query = '') => {
    pages ??= readPages(from);
    const name = path.replace(/^\/docs\/?/, '') || 'index';
    const words = name === 'index' ? new URLSearchParams(query).get('q') : null;
    const text = words === null ? pages.get(name) : (find ??= createDocsSearch(pages))(words);
    if (text === undefined) throw new HangarError('not_found', { detail: 'no such page of the docs' });
    return new Response(text, { headers });
  };
}

/** Reads all pages, so that no path of a request ever reaches the disk. */
function readPages(from: string): ReadonlyMap<string, string> {
  try {
    const files = readdirSync(from, { recursive: true, encoding: 'utf8' });
    return new Map(
      files
        .filter((file) => file.endsWith('.html'))
        .map((file) => [
          file.split(sep).join('/').slice(0, -'.html'.length),
          readFileSync(join(from, file), 'utf8'),
        ]),
    );
  } catch (error) {
    throw new HangarError('not_ready', {
      public: 'the documentation was not built; run `npm run build`',
      detail: `there are no pages in ${from}`,
      cause: error,
    });
  }
}
