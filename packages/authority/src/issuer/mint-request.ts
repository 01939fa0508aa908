import { everyCaveat, MacaroonError, organizationScope, type Caveat, type Command } from '@hangar/macaroon';
import { HangarError, ok, refuse, type Result } from '@hangar/http';
import { HANGAR_CAVEATS } from '../caveats/registry.ts';
import { DEFAULT_LIFETIME_SECONDS, MAX_LIFETIME_SECONDS, parseLifetime } from '../offline/lifetime.ts';
import { presetCaveats, presets, type PresetName } from '../offline/presets.ts';
import type { Presented } from './judged.ts';

const MAX_NAME_LENGTH = 200;

/** What to mint. Give a preset or a list of caveats. */
export interface MintRequest {
  /** The organization number of the caveats. */
  readonly workspace: bigint;
  readonly name: string;
  /** Who asked: shown in lists, and what revoking by creator goes by. */
  readonly creator: string;
  readonly preset?: PresetName;
  readonly caveats?: readonly Caveat[];
  /** Added to whatever the preset says. */
  readonly alsoCaveats?: readonly Caveat[];
  /** For presets about one app, and to find the token by its app. */
  readonly appId?: bigint;
  readonly commands?: readonly Command[];
  /** Absent: the preset's own lifetime, or a day. At most {@link MAX_LIFETIME_SECONDS}. */
  readonly expiresInSeconds?: number;
  /** The holder must bring a discharge of our own discharge service: a person who signed in. */
  readonly requireLogin?: boolean;
  /** The token that asks. The new one carries all its caveats, and dies with it. */
  readonly parent?: Presented;
}

export function caveatLists(request: MintRequest): readonly (readonly Caveat[])[] {
  const { workspace, preset, caveats, alsoCaveats = [] } = request;
  if ((preset === undefined) === (caveats === undefined)) {
    throw invalid({ preset: 'give a preset or caveats, one of them' });
  }
  checkMintable('caveats', alsoCaveats);
  // Left out silently they would make a token that may run everything.
  if (request.commands !== undefined && preset !== 'machine-exec')
    throw invalid({ commands: 'only preset machine-exec takes commands' });
  if (preset !== undefined) {
    const lists = presetCaveats(preset, {
      workspace,
      app: request.appId,
      commands: request.commands,
    });
    if (lists.ok) return lists.value.map((list) => [...list, ...alsoCaveats]);
    switch (lists.reason.tag) {
      case 'unknown_preset':
        throw invalid({ preset: `one of ${Object.keys(presets).join(', ')}` });
      case 'app_needed':
        throw invalid({ app: `preset ${preset} is about one app` });
      case 'app_not_wanted':
        throw invalid({ app: `preset ${preset} takes no app` });
    }
  }
  const list = caveats ?? [];
  checkMintable('caveats', list);
  const organization: Caveat = { type: 'Organization', id: workspace, mask: 31 };
  const own = list.find((caveat) => caveat.type === 'Organization');
  const complete = own ? [own, ...list.filter((caveat) => caveat !== own)] : [organization, ...list];
  const scope = organizationScope([...complete, ...alsoCaveats]);
  // Scope 0 would be every organization at once.
  if (!scope.ok || scope.value !== workspace) {
    throw new HangarError('caveat_denied', {
      public: `A token of workspace ${workspace} cannot be for another organization.`,
    });
  }
  return [[...complete, ...alsoCaveats]];
}

/** Refuses what would make the token useless, or pretend to a promise that minting cannot keep. */
function checkMintable(field: string, caveats: readonly Caveat[]): void {
  for (const caveat of everyCaveat(caveats)) {
    const verdict = mintable(caveat);
    if (!verdict.ok) throw invalid({ [field]: verdict.reason });
  }
}

function mintable(caveat: Caveat): Result<true, string> {
  switch (caveat.type) {
    case 'Unknown':
      return HANGAR_CAVEATS.has(caveat.number)
        ? ok(true)
        : refuse(`caveat type ${caveat.number} is not known here`);
    case '3P':
      return refuse('a third-party caveat cannot be minted from a list; ask for require_login');
    case 'BindToParentToken':
    case 'ConfineUser':
    case 'ConfineOrganization':
    case 'ConfineGitHubOrg':
    case 'ConfineGoogleHD':
    case 'MaxValidity':
      return refuse(`${caveat.type} never clears in a permission token`);
    case 'FlyioUserID':
    case 'GitHubUserID':
    case 'GoogleUserID':
      return refuse(`${caveat.type} states a fact, which only a discharge may`);
    default:
      return ok(true);
  }
}

export function lifetimeOf(request: MintRequest): number {
  const usual =
    request.preset === undefined ? DEFAULT_LIFETIME_SECONDS : presets[request.preset].lifetimeSeconds;
  const lifetime = parseLifetime(request.expiresInSeconds ?? usual);
  if (lifetime.ok) return lifetime.value;
  throw invalid({ expires_in: `between 1 second and ${MAX_LIFETIME_SECONDS / 86_400} days` });
}

/** Refuses what could not be shown in a list. Throws `invalid` naming the field. */
export function checkText(field: string, text: string): void {
  if (text.length === 0 || text.length > MAX_NAME_LENGTH || /[\p{Cc}\p{Cf}\u2028\u2029]/u.test(text)) {
    throw invalid({ [field]: `1 to ${MAX_NAME_LENGTH} printable characters` });
  }
}

function invalid(fields: Record<string, string>): HangarError {
  return new HangarError('invalid', { status: 400, fields });
}

/** A wrong list of caveats is the caller's fault; anything else stays a defect. */
export function asMintFault(error: unknown): unknown {
  return error instanceof MacaroonError ? invalid({ caveats: error.message }) : error;
}
