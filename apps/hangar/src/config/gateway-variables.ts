import type { Variable } from './variables.ts';

/** What the gateway is told, as part of the one table in `variables.ts`. */
export const GATEWAY_VARIABLES = [
  {
    name: 'HANGAR_GATEWAY_MODE',
    section: 'gateway',
    kind: 'choice',
    fallback: 'swap',
    sentence:
      "`swap`: a token of Hangar comes in, the operator's goes upstream. `passthrough`: the user-env API alone, on `PORT`: the caller's own Fly.io token goes upstream, and there is no database, provider or dashboard ([how](guides/passthrough.md)). With it `HANGAR_FLY` is `real` where `FLY_TIGRIS_SECRET_ACCESS_KEY` is set.",
  },
  {
    name: 'HANGAR_MACHINE_PROFILE',
    section: 'gateway',
    kind: 'choice',
    fallback: 'none',
    sentence:
      'How the config of a new or updated machine is rewritten ([what each does](specs/gateway.md#machine-profiles)).',
  },
  {
    name: 'HANGAR_MAX_APPS',
    section: 'gateway',
    kind: 'count',
    fallback: '1000',
    sentence: 'With `passthrough`: how many apps of one organization may have storage.',
  },
  {
    name: 'FLY_TIGRIS_BUCKET',
    section: 'gateway',
    kind: 'text',
    givenBy: 'Tigris',
    sentence:
      "With `passthrough`: the operator's own bucket. It is looked for at start, to tell whether the key is the right one, and is never anybody's storage.",
  },
] as const satisfies readonly Variable[];
