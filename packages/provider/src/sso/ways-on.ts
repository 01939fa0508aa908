import type { Deps } from '../deps.ts';
import type { LoginTarget } from '../ports.ts';
import type { Link } from './pages.ts';

/** What comes first among the pages of whoever hosts the kit; sign-ins without a page of their own end there too. */
export const HOME = '/';

const home: Link = { path: HOME, text: 'Start page' };

/** Starts the same sign-in again. */
export function signInAgain(target: LoginTarget, deps: Deps): readonly [Link, Link] {
  return [{ path: startPath(target, deps), text: 'Try again' }, home];
}

/** Starts a sign-in that leads to the start page, where the target is not known or must not be named. */
export function startOver(text: string, deps: Deps): readonly [Link, Link] {
  return [{ path: startPath({ tag: 'path', path: HOME }, deps), text }, home];
}

/** For what is not there: there is nothing to try again. */
export const ONLY_HOME: readonly [Link] = [home];

function startPath(target: LoginTarget, deps: Deps): string {
  const base = new URL(deps.options.publicBaseUrl).pathname.replace(/\/$/, '');
  switch (target.tag) {
    case 'extension':
      return `${base}/extensions/${target.id}/sso`;
    case 'organization':
      return `${base}/organizations/${encodeURIComponent(target.id)}/sso`;
    case 'path':
      return `${base}/login?return_to=${encodeURIComponent(target.path)}`;
  }
}
