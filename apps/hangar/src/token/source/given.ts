import { tokenEnding } from '@hangar/authority';
import { LOCATIONS, type Macaroon, tokenId } from '@hangar/macaroon';
import type { Result } from '@hangar/http';
import { type HeldReason, type HeldTokens, incompleteness, parseHeld } from './held.ts';
import { readToken, sourceName, type TokenOptions, type TokenRole, type TokenSource } from './input.ts';
import { TokenRefused } from './refused.ts';

/** Which token a command acted on: said with every answer, because there are several places that it may come from. */
export interface UsedToken {
  /** `--token`, `standard input`, or the name of a variable. */
  readonly from: string;
  /** By id and ending, as lists of tokens show them; none when the text could not be read. */
  readonly tokens: readonly { readonly id: string; readonly ends_with: string }[];
}

/** The one way from a command to its token. It remembers what was used, so that the answer can name it. */
export class GivenToken {
  readonly #options: TokenOptions;
  #used: UsedToken | undefined;

  constructor(options: TokenOptions) {
    this.#options = options;
  }

  /** What was used so far; undefined before anything was read. */
  get used(): UsedToken | undefined {
    return this.#used;
  }

  /**
   * The tokens, or why the text holds none that can be used.
   *
   * @throws UsageError when there is no text
   */
  async read(
    permissionLocation: string = LOCATIONS.permission,
    role: TokenRole = 'subject',
  ): Promise<{ readonly held: Result<HeldTokens, HeldReason>; readonly source: TokenSource }> {
    const { text, source } = await readToken(this.#options, role);
    const held = parseHeld(text, permissionLocation);
    this.#used = { from: sourceName(source), tokens: held.ok ? named(held.value) : [] };
    return { held, source };
  }

  /**
   * The tokens, for work that needs no server.
   *
   * @throws TokenRefused when the text cannot be read, UsageError when there is none
   */
  async held(permissionLocation?: string, role?: TokenRole): Promise<HeldTokens> {
    const { held } = await this.read(permissionLocation, role);
    if (!held.ok) throw new TokenRefused(held.reason.code, held.reason.sentence);
    return held.value;
  }

  /**
   * The macaroons alone, to be sent to a gateway. Logins of Fly.io stay behind. As a credential, for a command that names what
   * it acts on, the token never comes from a pipe unasked.
   *
   * @throws TokenRefused also when no permission token is complete: the gateway could only refuse it
   */
  async forGateway(role?: TokenRole): Promise<string> {
    const held = await this.held(undefined, role);
    const lack = incompleteness(held);
    if (lack) throw new TokenRefused(lack.code, lack.sentence);
    return held.macaroons;
  }
}

/** `Token ID, ending in ABCD, from HANGAR_TOKEN.` */
export function usedWords({ from, tokens }: UsedToken): string {
  if (tokens.length === 0) return `The text came from ${from}.`;
  const names = tokens.map((one) => `${one.id}, ending in ${one.ends_with}`);
  return `Token ${names.join(', and ')}, from ${from}.`;
}

/** Permission tokens are what a text is about; discharges only go with them. */
function named({ permission, discharges }: HeldTokens): UsedToken['tokens'] {
  const about: readonly Macaroon[] = permission.length > 0 ? permission : discharges;
  return about.map((macaroon) => ({ id: tokenId(macaroon), ends_with: tokenEnding(macaroon) }));
}
