/** The address under which a token acts: Fly.io gives each one, as it has for a person. */
export function addressOf(tokenId: string): string {
  return `${tokenId}@tokens.fly.io`;
}
