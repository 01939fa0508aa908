/** The headers that every answer of the Machines API has. */
export function platformHeaders(requestId: string): Record<string, string> {
  return { 'fly-request-id': requestId, server: 'Fly/simulated', via: '1.1 fly.io' };
}
