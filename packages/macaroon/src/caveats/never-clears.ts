import type { Caveat } from './caveat.ts';
import { withResourceSet } from '../clear/resource-kinds.ts';
import { LAST_END_SECONDS } from '../limits.ts';
import { contradiction } from '../clear/resource-rule.ts';

/**
 * Why a caveat clears nothing, whoever asks for whatever, although it does not look like it. Nobody wants such a caveat, so
 * none is made here, and one that comes from elsewhere is called what it is. Types that are not known are not judged; an empty
 * list and a window that ends before it begins say plainly that they allow nothing.
 */
export function neverClears(caveat: Caveat): string | undefined {
  if (caveat.type === 'ValidityWindow' && caveat.notAfter > LAST_END_SECONDS)
    return 'it ends later than any date, which no verifier understands';
  if (caveat.type !== 'IfPresent') return withResourceSet(caveat, contradiction);
  for (const inner of caveat.ifs) {
    const why = neverInside(inner);
    if (why !== undefined) return why;
  }
  return undefined;
}

/** IfPresent fails when anything inside it fails for another reason than not being about the request. */
function neverInside(caveat: Caveat): string | undefined {
  switch (caveat.type) {
    case '3P':
      return 'inside IfPresent it needs a discharge, which counts only at the top of a token';
    case 'BindToParentToken':
      return 'inside IfPresent it is bound to another token, which counts only at the top of a discharge';
    case 'FlyioUserID':
    case 'GitHubUserID':
    case 'GoogleUserID':
      return 'inside IfPresent it states a fact, which is no condition';
    case 'ConfineUser':
    case 'ConfineOrganization':
    case 'ConfineGitHubOrg':
    case 'ConfineGoogleHD':
    case 'MaxValidity':
      return 'inside IfPresent it has a condition that only a third party can check';
    default:
      return neverClears(caveat);
  }
}

/** Whether a caveat always has something to say about a request, so that an IfPresent around it never looks at its `else`. */
export function alwaysConcerned(caveat: Caveat): boolean {
  switch (caveat.type) {
    // Every request names an organization, or it is refused before any caveat is asked.
    case 'Organization':
    case 'ValidityWindow':
    case 'IsUser':
    case 'Action':
    case 'IfPresent':
    case 'FromMachineSource':
    case 'FlySrc':
    case 'AllowedRoles':
    case 'IsMember':
      return true;
    default:
      return false;
  }
}
