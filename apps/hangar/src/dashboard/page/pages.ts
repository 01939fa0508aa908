import { isExtensionId } from '@hangar/security';

/** True for the addresses at which the page has something to show (apps/dashboard/src/router.tsx). */
export function isPagePath(path: string): boolean {
  if (path === '/' || path === '/tokens') return true;
  const id = /^\/extensions\/([^/]+)$/.exec(path)?.[1];
  return id !== undefined && isExtensionId(id);
}
