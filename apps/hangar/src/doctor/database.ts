import { inWords } from '@hangar/http';
import { examineFolder, examineServer } from '@hangar/store';
import type { Config } from '../config.ts';
import type { Finding } from './finding.ts';

const ABOUT = 'database';

/** Older ones lack what the schema uses. */
const OLDEST_MAJOR = 15;

/** Leases and nonces are judged by the database's clock and ours: they may differ by less than the 300 s of a signed request. */
const CLOCK_BOUND_MS = 30_000;

/** A database that grows by a day's audit trail has room for some weeks in this. */
const ROOM_BYTES = 256 << 20;

/** Looks at the database, and changes nothing in it. */
export async function examineDatabase(
  config: Pick<Config, 'databaseUrl' | 'dataDir'>,
  nowMs: () => number,
): Promise<Finding> {
  if (config.databaseUrl === undefined) return folder(config.dataDir);
  let found;
  try {
    found = await examineServer(config.databaseUrl, nowMs);
  } catch (error) {
    return wrong(
      `DATABASE_URL: ${inWords(error)}`,
      'Check that the server runs, and user, password and name.',
    );
  }
  if (found.major < OLDEST_MAJOR)
    return wrong(`Postgres ${found.major}`, `Hangar needs Postgres ${OLDEST_MAJOR} or newer.`);
  if (found.isReadOnly) return wrong('only reading is allowed there', 'Name the primary in DATABASE_URL.');
  if (found.pending > 0 && !found.mayCreate)
    return wrong(
      'the user may not create tables, and the schema is not up to date',
      'Let the user create in the database and in its schema public.',
    );
  if (Math.abs(found.clockAheadMs) > CLOCK_BOUND_MS)
    return wrong(
      `its clock differs by ${Math.round(found.clockAheadMs / 1000)} s from ours`,
      'Set both by NTP.',
    );
  const schema =
    found.pending > 0 ? `a start changes the schema (${found.pending})` : 'the schema is up to date';
  return { about: ABOUT, verdict: 'fine', says: `Postgres ${found.major}; ${schema}` };
}

function folder(dataDir: string): Finding {
  const { heldBy, isMade, isWritable, freeBytes } = examineFolder(dataDir);
  if (!isWritable)
    return wrong(`${dataDir} cannot be written`, 'Set HANGAR_DATA_DIR to a folder this user may write.');
  if (freeBytes < ROOM_BYTES)
    return wrong(
      `the disk of ${dataDir} has ${freeBytes >> 20} MB left`,
      'Make room, or set HANGAR_DATA_DIR.',
    );
  const state =
    heldBy !== undefined
      ? `process ${heldBy} has it open`
      : isMade
        ? 'nobody has it open'
        : 'a start makes it';
  return { about: ABOUT, verdict: 'fine', says: `embedded, in ${dataDir}; ${state}` };
}

function wrong(says: string, remedy: string): Finding {
  return { about: ABOUT, verdict: 'wrong', says, remedy };
}
