import { sha256 } from './digest.ts';

/** A style that stands in a page, with what its policy must say for it to apply. */
export interface InlineStyle {
  /** The whole element, to be put into the page as it is. */
  readonly element: string;
  /** The source of `style-src` that allows these bytes and no others. */
  readonly source: string;
}

/**
 * Makes element and source out of one text, so that they cannot differ: a browser takes the digest of exactly the bytes
 * between the tags (CSP 3), and a blank more on either side leaves the page without its style.
 * @throws TypeError when a browser would read other bytes than these
 */
export function inlineStyle(css: string): InlineStyle {
  if (/[\r\0]|<\/?style|<!--/i.test(css)) throw new TypeError('a style that HTML would read differently');
  return {
    element: `<style>${css}</style>`,
    source: `'sha256-${Buffer.from(sha256(css)).toString('base64')}'`,
  };
}
