import { sha256Hex } from '@hangar/security';

/** The same for the same thing in the next run: rule, place by its name, what it is, and which of several. */
export function fingerprintOf(rule: string, where: string, key: string, time: number): string {
  return sha256Hex(`${rule}\n${where}\n${key}\n${time}`).slice(0, 32);
}
