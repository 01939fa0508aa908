import { pathTo, type Asking, type Json } from '../../asking.ts';
import { textIn, textOrNull, type Node } from './node.ts';

/** A release, from the gateway's own answer about it. */
export function releaseNode(wire: Json, app: string, asking: Asking): Node {
  const user = textIn(wire, 'user');
  return {
    id: textIn(wire, 'id'),
    version: wire['version'],
    status: textIn(wire, 'status'),
    stable: wire['stable'],
    inProgress: wire['in_progress'],
    description: 'Release',
    reason: 'change',
    imageRef: textOrNull(wire, 'image_ref'),
    configDefinition: async () => await definitionOf(wire, app, asking),
    deploymentStrategy: textIn(wire, 'strategy'),
    evaluationId: textIn(wire, 'id'),
    // A token made it: it has an address, and is nobody.
    user: { id: '', email: user, name: user, enablePaidHobby: false },
    createdAt: textIn(wire, 'created_at'),
  };
}

/** The fly.toml that a release was made with; only an answer about that one release holds it. */
export async function definitionOf(release: Json, app: string, asking: Asking): Promise<unknown> {
  const path = pathTo`/api/v1/apps/${app}/releases/${Number(release['version'])}`;
  return (await asking.get(path))['definition'] ?? null;
}
