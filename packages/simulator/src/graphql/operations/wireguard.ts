import { GraphQLError } from 'graphql';
import type { Mutation } from '../asked.ts';

/** A tunnel needs UDP and a kernel; a client that got half of an answer would wait for packets that never come. */
const NO_TUNNEL =
  'WireGuard is not simulated: commands that need a tunnel into the private network (ssh console, proxy, dig, ping, agent) cannot work here';

/** WireGuard, refused in words; lists of peers are empty. */
export function wireGuardOperations() {
  const refuse = (): never => {
    throw new GraphQLError(NO_TUNNEL);
  };
  return {
    addWireGuardPeer: refuse,
    removeWireGuardPeer: refuse,
    createDelegatedWireGuardToken: refuse,
    // Whatever peers a client remembers, none of them exists.
    validateWireGuardPeers: ({ input }: Mutation<{ peerIps: readonly string[] }>) => ({
      clientMutationId: input.clientMutationId,
      invalidPeerIps: input.peerIps,
    }),
  };
}
