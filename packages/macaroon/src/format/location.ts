/** The locations Fly.io uses, exactly as they stand in tokens (docs/specs/token-format.md#locations). */
export const LOCATIONS = Object.freeze({
  permission: 'https://api.fly.io/v1',
  authentication: 'https://api.fly.io/aaa/v1',
  newAuthentication: 'https://auth.fly.io',
  secrets: 'https://api.fly.io/secrets/v1',
} as const);
