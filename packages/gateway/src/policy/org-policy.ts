import { HangarError, ok, refuse, type Clock, type Result } from '@hangar/http';
import type { Workspace } from '../nouns.ts';

/**
 * Which organizations apps may be made in (docs/specs/gateway.md#allowed-organizations): every one (`*`), those
 * listed, or the one that the operator's own app lives in.
 */
export type AllowedOrganizations = '*' | readonly string[] | { readonly currentApp: string };

/**
 * Reads `FLY_ALLOWED_ORGS` and `FLY_APP_NAME`. Unset or blank means the organization of the app; without that either,
 * nothing is allowed. A slug is compared as it stands: no case folding, no Unicode folding.
 */
export function parseAllowedOrganizations(
  allowed: string | undefined,
  appName: string | undefined,
): AllowedOrganizations | undefined {
  const text = allowed?.trim() ?? '';
  if (text === '*') return '*';
  if (text !== '') {
    const slugs = text.split(',').map((slug) => slug.trim());
    return slugs.filter((slug) => slug !== '' && slug !== '*');
  }
  const app = appName?.trim() ?? '';
  return app === '' ? undefined : { currentApp: app };
}

/** Why an organization is not allowed. */
export type OrganizationReason =
  | { readonly tag: 'not_configured' }
  | { readonly tag: 'current_app_unknown'; readonly app: string }
  | { readonly tag: 'not_listed'; readonly organization: string };

/** The rule, ready to be asked. */
export interface OrganizationRule {
  allows(organization: string): Promise<Result<true, OrganizationReason>>;
  /** The same when nobody has to be asked for it; undefined otherwise. */
  recall(organization: string): Result<true, OrganizationReason> | undefined;
}

/**
 * The organization of an app moves so rarely that five minutes of memory do no harm; forever would
 * (docs/specs/gateway.md#allowed-organizations).
 */
const LOOKUP_SECONDS = 300;

/**
 * Makes the rule. `organizationOf` asks upstream with the operator's own token, never with the caller's;
 * undefined means the app does not exist.
 */
export function createOrganizationRule(options: {
  readonly allowed: AllowedOrganizations | undefined;
  readonly organizationOf: (app: string) => Promise<string | undefined>;
  readonly now: Clock;
}): OrganizationRule {
  const { allowed, organizationOf, now } = options;
  let known: { readonly slug: string | undefined; readonly until: number } | undefined;

  const app = typeof allowed === 'object' && 'currentApp' in allowed ? allowed.currentApp : undefined;
  const isToAsk = (): boolean => app !== undefined && !(known && known.until > now().getTime());

  function verdict(organization: string): Result<true, OrganizationReason> {
    if (allowed === undefined) return refuse({ tag: 'not_configured' });
    if (allowed === '*') return ok(true);
    const listed = 'currentApp' in allowed ? known?.slug && [known.slug] : allowed;
    if (!listed) return refuse({ tag: 'current_app_unknown', app: app ?? '' });
    return listed.includes(organization) ? ok(true) : refuse({ tag: 'not_listed', organization });
  }

  return {
    async allows(organization) {
      if (app !== undefined && isToAsk()) {
        const at = now().getTime();
        known = { slug: await organizationOf(app), until: at + LOOKUP_SECONDS * 1000 };
      }
      return verdict(organization);
    },
    recall: (organization) => (isToAsk() ? undefined : verdict(organization)),
  };
}

/** The refusal that a caller hears; which rule said no stands in the log only. */
export function organizationError(reason: OrganizationReason): HangarError {
  switch (reason.tag) {
    case 'not_configured':
      return new HangarError('org_not_allowed', {
        detail: 'neither FLY_ALLOWED_ORGS nor FLY_APP_NAME is set',
      });
    case 'current_app_unknown':
      return new HangarError('org_not_allowed', { detail: `the app ${reason.app} does not exist upstream` });
    case 'not_listed':
      return new HangarError('org_not_allowed', { detail: `${reason.organization} is not in the list` });
  }
}

/**
 * In swap mode a caller lives in one organization, its workspace. `org_slug` may be left out; anything else than exactly
 * the workspace's slug is refused: another case, blanks, look-alike letters, a list, null.
 */
export function checkOrganizationSlug(given: unknown, workspace: Workspace): HangarError | undefined {
  if (given === undefined || given === workspace.slug) return undefined;
  return new HangarError('org_not_allowed', {
    public: `org_slug must be ${workspace.slug}, the organization of your token`,
    detail: "org_slug is not the slug of the caller's workspace",
  });
}
