import { createHash } from 'node:crypto';

/**
 * What of a page its own policy would stop, found the way a browser does it: the digest of exactly the bytes between the
 * tags, or the nonce of the tag, must stand in the policy; attributes that style or run cannot be allowed at all.
 */
export function policyFaults(headers: Headers, html: string): string[] {
  const directives = new Map(
    (headers.get('content-security-policy') ?? '').split(';').map((directive): [string, string[]] => {
      const [name = '', ...sources] = directive.trim().split(/\s+/);
      return [name, sources];
    }),
  );
  const allowedBy = (name: string): readonly string[] =>
    directives.get(`${name}-elem`) ??
    directives.get(name) ??
    directives.get('default-src') ?? ["'unsafe-inline'"];
  const faults: string[] = [];
  for (const [, tag = '', attributes = '', bytes = ''] of html.matchAll(
    /<(style|script)\b([^>]*)>([\s\S]*?)<\/\1>/gi,
  )) {
    if (/\bsrc=/.test(attributes)) continue;
    const sources = allowedBy(tag.toLowerCase() === 'style' ? 'style-src' : 'script-src');
    const digest = createHash('sha256').update(bytes).digest('base64');
    const nonce = /\bnonce="([^"]*)"/.exec(attributes)?.[1];
    if (sources.includes(`'sha256-${digest}'`)) continue;
    if (nonce !== undefined && sources.includes(`'nonce-${nonce}'`)) continue;
    faults.push(`<${tag}> of sha256-${digest} is not in ${sources.join(' ')}`);
  }
  for (const [, attribute] of html.matchAll(/<[a-z][^>]*?\s(style|on[a-z]+)=/gi))
    faults.push(`${attribute}=`);
  return faults;
}
