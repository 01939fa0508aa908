import type { TigrisClient } from '@hangar/flyio/tigris';
import { inWords } from '@hangar/http';
import { type Tried, tryTigrisKey } from '../house/credentials.ts';

/** Tries the key, and whether it sees the bucket that came with it. */
export async function tryStorage(
  bucket: string | undefined,
  tigris: TigrisClient,
): Promise<readonly Tried[]> {
  const key = await tryTigrisKey({ tigris });
  if (bucket === undefined || key.verdict !== 'accepted') return [key];
  const variable = 'FLY_TIGRIS_BUCKET';
  try {
    const isThere = (await tigris.listBuckets()).some(({ name }) => name === bucket);
    const detail = 'the key sees no such bucket';
    return [key, isThere ? { variable, verdict: 'accepted' } : { variable, verdict: 'refused', detail }];
  } catch (error) {
    return [key, { variable, verdict: 'unknown', detail: inWords(error) }];
  }
}
