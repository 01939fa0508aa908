import { chmodSync, existsSync, mkdirSync, statSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { HangarError } from '@hangar/http';

/** The two halves of an issuer, each behind a socket of its own: who may only verify is kept from the other by its mode. */
export const HALVES = ['verify', 'sign'] as const;
export type Half = (typeof HALVES)[number];

/** Linux takes 107 bytes, macOS 103; a longer one fails with an error that names neither the path nor the reason. */
const MAX_PATH_BYTES = 103;

/** Where a half listens. */
export function socketPath(folder: string, half: Half): string {
  return join(folder, `${half}.sock`);
}

/**
 * Makes the folder (mode 0700) and clears away a socket that a crashed process left.
 *
 * @throws HangarError `config_invalid` for a folder that others may enter, a path that is too long, or a socket that answers.
 */
export async function prepareSocket(folder: string, half: Half): Promise<string> {
  const path = socketPath(folder, half);
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    throw refused(`is too long: ${path} must not exceed ${MAX_PATH_BYTES} bytes`);
  }
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { mode } = statSync(folder);
    if ((mode & 0o007) !== 0) throw refused(`may be entered by everybody; chmod 700 ${folder}`);
    if (existsSync(path)) {
      if (await answers(path)) throw refused('is used by an authority that is running');
      unlinkSync(path);
    }
  } catch (error) {
    if (error instanceof HangarError) throw error;
    throw refused(`cannot be used (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`, error);
  }
  return path;
}

/** Leaves the socket to its owner alone. */
export function closeToOthers(path: string): void {
  chmodSync(path, 0o600);
}

async function answers(path: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function refused(detail: string, cause?: unknown): HangarError {
  return new HangarError('config_invalid', { public: `HANGAR_AUTHORITY_SOCKETS ${detail}.`, cause });
}
