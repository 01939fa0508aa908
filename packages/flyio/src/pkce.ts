import { randomToken, sha256 } from '@hangar/security';

/** A fresh PKCE pair, method S256 (RFC 7636). Keep the verifier with the state; send only the challenge. */
export function createPkcePair(): { codeVerifier: string; codeChallenge: string } {
  const codeVerifier = randomToken();
  return { codeVerifier, codeChallenge: codeChallengeOf(codeVerifier) };
}

/** The S256 challenge of a verifier. */
export function codeChallengeOf(codeVerifier: string): string {
  return Buffer.from(sha256(codeVerifier)).toString('base64url');
}
