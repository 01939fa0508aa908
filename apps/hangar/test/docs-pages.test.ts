import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAdaptorServer } from '@hono/node-server';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { renderDocs } from '../../dashboard/build/docs.ts';
import { policyFaults } from '../../../test/harness/page-policy.ts';
import { createDocs } from '../src/http/docs-pages.ts';
import { pageFolder } from '../src/http/page-folder.ts';
import { browserBinary, NO_BROWSER, openBrowser } from './browser.ts';
import { picture } from './dashboard-window.ts';

const why = browserBinary === undefined ? ` (skipped: ${NO_BROWSER})` : '';

const rendered = (source: string): string =>
  renderDocs(
    new Map([
      ['guide', source],
      ['other', '# Other'],
    ]),
  ).find(({ name }) => name === 'guide')?.html ?? '';

describe('the documentation', () => {
  test('lists its pages and shows each with headings, tables and code', async () => {
    const docs = createDocs();
    const index = await docs('/docs').text();
    for (const name of ['operating', 'configuration', 'errors', 'decisions/0003-migrations-are-only-added'])
      expect(index).toContain(`href="/docs/${name}"`);
    const operating = await docs('/docs/operating').text();
    expect(operating).toContain('<h2 id="several-processes">Several processes</h2>');
    expect(operating).toContain('<a href="/docs/configuration">configuration.md</a>');
    expect(await docs('/docs/errors').text()).toContain('<td><code>token_truncated</code></td>');
  });

  test.each([
    '/docs/nothing',
    '/docs/../package',
    '/docs/operating.md',
    '/docs/index.html',
    '/docs/decisions',
  ])('%s is not there', (path) => {
    expect(() => createDocs()(path)).toThrow(expect.objectContaining({ code: 'not_found' }));
  });

  test('holds nothing that its own policy would stop', async () => {
    const aligned = rendered('| left | right |\n| :--- | ---: |\n| 1 | 2 |');
    expect(aligned).toContain('<td class="align-right">2</td>');
    const docs = createDocs();
    const index = await docs('/docs').text();
    const names = [...index.matchAll(/href="(\/docs\/[^"#]*)"/g)].map((match) => match[1] ?? '');
    const pages = await Promise.all(['/docs', ...names].map(async (path) => await docs(path).text()));
    for (const html of [aligned, ...pages]) expect(policyFaults(docs('/docs').headers, html)).toEqual([]);
  });

  test('leads nowhere that is not there: each link has its page, and each place its heading', async () => {
    const docs = createDocs();
    const index = await docs('/docs').text();
    const names = new Set([...index.matchAll(/href="(\/docs\/[^"#]*)"/g)].map((match) => match[1] ?? ''));
    const pages = new Map(
      await Promise.all([...names].map(async (name) => [name, await docs(name).text()] as const)),
    );
    const links = [...pages].flatMap(([from, html]) =>
      [...html.matchAll(/href="(\/docs\/[^"#]*)(?:#([^"]*))?"/g)].map(([, to = '', place]) => ({
        from,
        to,
        place,
      })),
    );
    expect(links.filter(({ place }) => place !== undefined)).not.toEqual([]);
    for (const { from, to, place } of links)
      expect({
        from,
        to,
        place,
        there: pages.get(to)?.includes(place === undefined ? '<h1' : ` id="${place}"`),
      }).toEqual({
        from,
        to,
        place,
        there: true,
      });
  });

  test('shows HTML in a source as text, and makes no link that runs or leads into the repository', () => {
    const html = rendered(
      [
        '# <script>alert(1)</script>',
        '<img src=x onerror=alert(1)>',
        '[run](javascript:alert(1)) [data](data:text/html,x) [file](../package.json) [up](../../etc/passwd.md)',
        '[other](other.md#place) [web](https://fly.io/docs) ![pic](https://evil.example/p.png)',
        '```html\n<script>alert(2)</script>\n```',
        '| a |\n| --- |\n| <b onclick=alert(3)> |',
      ].join('\n\n'),
    );
    const main = /<main[^>]*>([\s\S]*)<\/main>/.exec(html)?.[1] ?? '';
    expect(main).not.toMatch(/<(?:script|img|b\b)/);
    expect([...main.matchAll(/href="([^"]*)"/g)].map((match) => match[1])).toEqual([
      '/docs/other#place',
      'https://fly.io/docs',
    ]);
    expect(html).toContain('<title>&lt;script&gt;alert(1)&lt;/script&gt; · Hangar</title>');
  });

  test('lists guides first and decisions last', async () => {
    const index = await createDocs()('/docs').text();
    const [, main = ''] = /<main[^>]*>([\s\S]*)<\/main>/.exec(index) ?? [];
    expect([...main.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, heading]) => heading)).toEqual([
      'Guides',
      'Running it',
      'Reference',
      'Rules',
      'Decisions',
    ]);
    expect(main.indexOf('/docs/guides/deploy')).toBeLessThan(main.indexOf('/docs/operating'));
  });

  describe('search', () => {
    const search = async (query: string): Promise<string> => {
      const answer = createDocs()('/docs', query);
      const html = await answer.text();
      expect(policyFaults(answer.headers, html)).toEqual([]);
      return html;
    };
    const places = (html: string): string[] =>
      [...(/<main[^>]*>([\s\S]*)<\/main>/.exec(html)?.[1] ?? '').matchAll(/href="([^"]*)"/g)].map(
        ([, to]) => to ?? '',
      );

    test('finds the heading first, by all words in any order and case', async () => {
      expect(places(await search('q=LOST+keys'))[0]).toBe('/docs/operating#lost-master-keys');
      expect(places(await search('q=version+MIGRATES'))).toContain('/docs/operating#upgrading');
    });

    test('leads only to headings that are there', async () => {
      for (const to of places(await search('q=token'))) {
        const [page = '', id = ''] = to.split('#');
        expect(await createDocs()(page).text()).toContain(` id="${id}"`);
      }
    });

    test('says so when nothing is found, and lists no more than twenty', async () => {
      expect(await search('q=xyzzy')).toContain('Nothing has all of these words.');
      expect(await search('q=')).toContain('Nothing has all of these words.');
      const many = await search('q=the');
      expect(places(many)).toHaveLength(20);
      expect(many).toMatch(/The first 20 of \d+\./);
    });

    test.each([
      ['a script', '<script>alert(1)</script>'],
      ['the end of a tag', '"><img src=x>'],
      ['words of a replacement', '$&$1'],
      ['words of a pattern', '((((\\'],
      ['a long text', 'a'.repeat(100_000)],
    ])('shows %s as text', async (_, words) => {
      const html = await search(new URLSearchParams({ q: words }).toString());
      expect(html).not.toMatch(/<script|<img src=x/);
      expect(html.length).toBeLessThan(200_000);
      expect(html).toContain('<main id="content"><h1>');
    });
  });

  test('says what to do when it was not built', () => {
    const empty = join(mkdtempSync(join(tmpdir(), 'hangar-docs-')), 'nowhere');
    expect(() => createDocs(empty)('/docs')).toThrow(expect.objectContaining({ code: 'not_ready' }));
  });
});

describe.skipIf(browserBinary === undefined || !existsSync(pageFolder))(`in a browser${why}`, () => {
  test.each(['light', 'dark'] as const)(
    'is styled and runs nothing, in %s, on a phone too',
    async (colorScheme) => {
      const { createDashboard } = await import('../src/dashboard/dashboard.ts');
      const docs = createDocs();
      const unused = {} as never;
      const dashboard = createDashboard({
        reads: unused,
        tokens: unused,
        actions: unused,
        logins: unused,
        usage: async () => [],
        assetsDir: pageFolder,
        publicUrl: 'http://127.0.0.1',
        product: { name: 'Hangar', command: '' },
      });
      const server = createAdaptorServer({
        fetch: async (request: Request) => {
          const { pathname } = new URL(request.url);
          if (pathname.startsWith('/docs/')) return docs(pathname);
          return await dashboard.fetch(request, { rawTarget: pathname, requestId: 'req_docs' });
        },
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
      const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const browser = await openBrowser();
      const visit = await browser.visit({ origins: [origin], colorScheme });
      await visit.page.goto(`${origin}/docs/operating`);
      const ground = await visit.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      expect(ground).toBe(colorScheme === 'light' ? 'rgb(241, 243, 245)' : 'rgb(20, 20, 20)');
      await visit.page.screenshot({ path: picture(`docs-${colorScheme}`), fullPage: true });
      await visit.page.setViewportSize({ width: 375, height: 800 });
      await visit.page.goto(`${origin}/docs/errors`);
      const overflow = await visit.page.evaluate(
        () => document.documentElement.scrollWidth - window.innerWidth,
      );
      expect(overflow).toBeLessThanOrEqual(0);
      await visit.page.screenshot({ path: picture(`docs-phone-${colorScheme}`) });
      expect(visit.complaints).toEqual([]);
      await browser.close();
      await new Promise((resolve) => server.close(resolve));
    },
  );
});
