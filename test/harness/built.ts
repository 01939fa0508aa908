import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * The built `hangar` command. Tests that start processes use what a user runs; `npm test` builds it first, and
 * `npm run build` does so by hand.
 */
export const builtHangar = fileURLToPath(new URL('../../apps/hangar/bin/hangar.js', import.meta.url));

const program = fileURLToPath(new URL('../../apps/hangar/dist/main.js', import.meta.url));
if (!existsSync(program)) throw new Error('apps/hangar/dist is missing: run `npm run build` first');
