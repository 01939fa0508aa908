// Which code names which rule: a line below each heading of docs/specs.
import { placeOf } from './references.mjs';

const HEADING = /^(#{2,3}) (.+)\n\n(?:Code: .*\n\n)?/gm;

/**
 * A page of rules with its code as it is now. A rule that no code names has no such line.
 *
 * @param {string} path of the page, such as `docs/specs/gateway.md`
 * @param {string} page the page as it is
 * @param {ReadonlyMap<string, string>} sources source files by path
 */
export function rulesPage(path, page, sources) {
  return page.replaceAll(HEADING, (_, level, heading) => {
    const cite = new RegExp(`${path.replaceAll('.', '\\.')}#${placeOf(heading)}(?![\\w-])`, 'u');
    const files = [...sources].filter(([, text]) => cite.test(text)).map(([file]) => `\`${file}\``);
    const code = files.length > 0 ? `Code: ${files.toSorted().join(', ')}.\n\n` : '';
    return `${level} ${heading}\n\n${code}`;
  });
}
