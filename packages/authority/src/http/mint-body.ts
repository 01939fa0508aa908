import { caveatsFromJson, privateCaveat, type Caveat } from '@hangar/macaroon';
import { z } from 'zod';
import { bodyFrom, SOURCE_JSON } from '../caveats/json-bodies.ts';
import { HANGAR_CAVEATS } from '../caveats/registry.ts';
import { sourceCaveat } from '../caveats/source.ts';
import { parseLifetime } from '../offline/lifetime.ts';
import type { MintRequest } from '../issuer/mint-request.ts';
import { isPresetName } from '../offline/presets.ts';
import { invalid, parsed } from './json.ts';

const appName = z.string().min(1).max(63);
const appNumber = z.int().min(1).transform(BigInt);

const body = z.strictObject({
  name: z.string(),
  preset: z.string().optional(),
  caveats: z.array(z.unknown()).max(256).optional(),
  app: appName.optional(),
  app_id: appNumber.optional(),
  commands: z
    .array(z.strictObject({ args: z.array(z.string()).max(256), exact: z.boolean().default(false) }))
    .max(256)
    .optional(),
  expires_in: z.union([z.string(), z.number()]).optional(),
  require_login: z.boolean().optional(),
  source: z.array(z.string()).max(64).optional(),
  creator: z.string().optional(),
  org_slug: z.string().max(63).optional(),
});

/** What a body asks to mint, before names are looked up. */
export interface MintBody {
  readonly request: Omit<MintRequest, 'workspace' | 'creator'>;
  readonly creator: string | undefined;
  readonly appName: string | undefined;
  readonly orgSlug: string | undefined;
}

const SECONDS_A_DAY = 86_400;

/** Reads the body of `POST /hangar/v1/tokens`. Throws `invalid` (400) naming each field at fault. */
export function readMintBody(value: unknown): MintBody {
  const { preset, caveats, expires_in: expiresIn, source, ...rest } = parsed(body, value);
  if (preset !== undefined && !isPresetName(preset)) throw invalid({ preset: 'no such preset' });
  const lifetime = expiresIn === undefined ? undefined : parseLifetime(expiresIn);
  if (lifetime && !lifetime.ok) {
    throw invalid({
      expires_in:
        lifetime.reason.tag === 'out_of_range'
          ? `from 1s to ${Math.floor(lifetime.reason.maxSeconds / SECONDS_A_DAY)}d`
          : 'a number of seconds, or a text such as "30d", "8760h" or "1h30m" (units w, d, h, m and s)',
    });
  }
  return {
    creator: rest.creator,
    appName: rest.app,
    orgSlug: rest.org_slug,
    request: {
      name: rest.name,
      preset,
      caveats: caveats === undefined ? undefined : readCaveats(caveats),
      alsoCaveats: source === undefined ? undefined : [sourceOf(source)],
      appId: rest.app_id,
      commands: rest.commands,
      ...(lifetime?.ok ? { expiresInSeconds: lifetime.value } : {}),
      requireLogin: rest.require_login,
    },
  };
}

/**
 * Reads caveats that came inside a larger JSON body. Whole numbers above 2^53 were rounded on the way and
 * are refused: a token must never be for another id than the one that was meant.
 */
export function readCaveats(list: readonly unknown[]): readonly Caveat[] {
  if (holdsRoundedNumber(list)) throw invalid({ caveats: 'numbers above 2^53 cannot be given here' });
  const caveats = caveatsFromJson(JSON.stringify(list), HANGAR_CAVEATS);
  if (caveats.ok) return caveats.value;
  throw invalid({ [`caveats${caveats.reason.path}`]: caveats.reason.detail });
}

function sourceOf(cidrs: readonly string[]): Caveat {
  try {
    return privateCaveat(sourceCaveat, bodyFrom(SOURCE_JSON, { cidrs }));
  } catch (error) {
    if (error instanceof TypeError) throw invalid({ source: error.message });
    throw error;
  }
}

function holdsRoundedNumber(value: unknown): boolean {
  if (typeof value === 'number') return !Number.isSafeInteger(value);
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some(holdsRoundedNumber);
}
