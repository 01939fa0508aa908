import MarkdownIt from 'markdown-it';

/** A page of the documentation, rendered. */
export interface RenderedPage {
  readonly title: string;
  /** The body, from its first heading on. */
  readonly html: string;
}

/**
 * Renders Markdown to HTML that is safe whatever was written: HTML in the source is shown and not obeyed, and links
 * lead to the web, to a place on the page, or to another page of the documentation.
 *
 * markdown-it, because it is kept, knows tables, and escapes by itself; nothing has to be cleaned afterwards.
 */
export function renderMarkdown(source: string, linkTo: (href: string) => string | undefined): RenderedPage {
  const markdown = new MarkdownIt({ html: false, linkify: false, typographer: false });
  const tokens = markdown.parse(source, {});
  const seen = new Map<string, number>();
  let title = '';
  for (const [index, token] of tokens.entries()) {
    // The policy of the pages stops styles in attributes; the sheet knows these classes.
    const align = /^text-align:(\w+)$/.exec(String(token.attrGet('style') ?? ''))?.[1];
    if (align !== undefined) token.attrs = [['class', `align-${align}`]];
    if (token.type !== 'heading_open') continue;
    const text = plain(tokens[index + 1]?.children ?? []);
    if (title === '') title = text;
    token.attrSet('id', placeOf(text, seen));
  }
  const { rules } = markdown.renderer;
  const plainLinks: boolean[] = [];
  rules['link_open'] = (all, index, options, _env, self) => {
    const token = all[index];
    const href = linkTo(String(token?.attrGet('href') ?? ''));
    plainLinks.push(href === undefined);
    if (token === undefined || href === undefined) return '';
    token.attrSet('href', href);
    if (/^https?:/.test(href)) token.attrSet('rel', 'noreferrer');
    return self.renderToken(all, index, options);
  };
  rules['link_close'] = () => (plainLinks.pop() === true ? '' : '</a>');
  // A picture would need a request to somewhere; its words stay.
  rules['image'] = (all, index) => markdown.utils.escapeHtml(all[index]?.content ?? '');
  rules['table_open'] = () => '<div class="table" tabindex="0" role="region" aria-label="Table"><table>';
  rules['table_close'] = () => '</table></div>';
  return { title, html: markdown.renderer.render(tokens, markdown.options, {}) };
}

interface Inline {
  readonly type: string;
  readonly content: string;
}

function plain(inline: readonly Inline[]): string {
  return inline
    .filter(({ type }) => type === 'text' || type === 'code_inline')
    .map(({ content }) => content)
    .join('');
}

/** The address of a heading, as GitHub makes them, so that links between pages work in both places. */
function placeOf(text: string, seen: Map<string, number>): string {
  const base = text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-');
  const count = seen.get(base) ?? 0;
  seen.set(base, count + 1);
  return count === 0 ? base : `${base}-${count}`;
}
