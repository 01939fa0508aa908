import type { Kit } from '../kit.ts';
import type { LoginTarget } from '../ports.ts';
import type { Link } from './pages.ts';

/** What comes first among the pages of whoever hosts the kit; sign-ins without a page of their own end there too. */
export const HOME = '/';

const home: Link = { path: HOME, text: 'Start page' };

/** Starts the same sign-in again. */
export function signInAgain(kit: Kit, target: LoginTarget): readonly [Link, Link] {
  return [{ path: startPath(kit, target), text: 'Try again' }, home];
}

/** Starts a sign-in that leads to the start page, where the target is not known or must not be named. */
export function startOver(kit: Kit, text: string): readonly [Link, Link] {
  return [{ path: startPath(kit, { tag: 'path', path: HOME }), text }, home];
}

/** For what is not there: there is nothing to try again. */
export const ONLY_HOME: readonly [Link] = [home];

function startPath(kit: Kit, target: LoginTarget): string {
  const base = new URL(kit.options.publicBaseUrl).pathname.replace(/\/$/, '');
  switch (target.tag) {
    case 'extension':
      return `${base}/extensions/${target.id}/sso`;
    case 'organization':
      return `${base}/organizations/${encodeURIComponent(target.id)}/sso`;
    case 'path':
      return `${base}/login?return_to=${encodeURIComponent(target.path)}`;
  }
}
