/** The tools of the token page, by their name in its address. */
export const TOOLS = ['issued', 'read', 'report'] as const;
export type Tool = (typeof TOOLS)[number];

/** What the address of the token page may say. Never a token: addresses are remembered and sent. */
export interface TokensSearch {
  readonly tool?: Tool;
  /** The extension whose tokens are listed. */
  readonly extension?: string;
}

/** Reads the query of the address; what is not known is left out. */
export function readTokensSearch(search: Readonly<Record<string, unknown>>): TokensSearch {
  const { tool, extension } = search;
  return {
    ...(isTool(tool) ? { tool } : {}),
    ...(typeof extension === 'string' ? { extension } : {}),
  };
}

/** Whether a text names a tool. */
export function isTool(text: unknown): text is Tool {
  return TOOLS.some((tool) => tool === text);
}
