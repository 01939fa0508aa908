import type { Simulation } from '../../simulation.ts';
import type { PlatformToken } from '../../world/platform.ts';

/** The id under which a token of the settings acts. */
export function configuredTokenId(index: number): string {
  return `00000000-0000-4000-8000-${String(index + 1).padStart(12, '0')}`;
}

/** The plain tokens of a header that are known and not over. */
export function plainTokens(simulation: Simulation, header: string): PlatformToken[] {
  return textsOf(header).flatMap((text) => findToken(simulation, text) ?? []);
}

/** The tokens of a header, each as it was written. */
export function textsOf(header: string): string[] {
  return header
    .trim()
    .replace(/^(?:(?:bearer|flyv1)\s+)+/i, '')
    .split(',')
    .map((text) => text.trim());
}

function findToken(simulation: Simulation, text: string): PlatformToken | undefined {
  if (text === '') return undefined;
  const { world, clock, settings } = simulation;
  for (const [index, configured] of settings.tokens.entries()) {
    if (!configured.token.equals(text)) continue;
    return { id: configuredTokenId(index), organizations: configured.organizations };
  }
  const grant = world.grants.get(text);
  if (!grant || grant.expiresAtMs <= clock.nowMs()) return undefined;
  const roles = world.users.get(grant.userId)?.roles;
  const organizations = [...world.organizations.values()].filter((one) => roles?.has(one.id));
  return { id: grant.userId, organizations: organizations.map((one) => one.slug) };
}
