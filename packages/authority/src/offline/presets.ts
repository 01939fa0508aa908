import { Action, type Caveat, type Command } from '@hangar/macaroon';
import { ok, refuse, type Result } from '@hangar/http';
import { DEFAULT_LIFETIME_SECONDS } from './lifetime.ts';

const HOUR_SECONDS = 3600;
const YEAR_SECONDS = 365 * 24 * HOUR_SECONDS;

/** What a preset may be told. */
export interface PresetInput {
  readonly workspace: bigint;
  /** The one app the token is about, by its internal number. */
  readonly app?: bigint;
  /** For `machine-exec`: the commands that may be run; none given means any command. */
  readonly commands?: readonly Command[];
}

/** A named list of caveats. */
export interface Preset {
  /** One sentence for lists and help. */
  readonly purpose: string;
  readonly needsApp: boolean;
  /** Lifetime when none is asked for. */
  readonly lifetimeSeconds: number;
  /**
   * The caveats, without the validity window that every token gets. Each list makes one token; all
   * tokens of a preset share one identity.
   */
  caveats(input: PresetInput & { readonly app: bigint }): readonly (readonly Caveat[])[];
}

const READ_CONTROL = Action.read | Action.control;

const organization = (workspace: bigint, mask: number): Caveat => ({
  type: 'Organization',
  id: workspace,
  mask,
});

/** Everything about one app and the private network, and reading everywhere else (docs/sources.md#deploy-tokens). */
const deployCaveats = (workspace: bigint, app: bigint): readonly Caveat[] => [
  organization(workspace, Action.all),
  {
    type: 'IfPresent',
    ifs: [
      { type: 'Apps', apps: new Map([[app, Action.all]]) },
      { type: 'FeatureSet', features: new Map([['wg', Action.all]]) },
    ],
    else: Action.read,
  },
];

const ANY_COMMAND: readonly Command[] = [{ args: [], exact: false }];

/** Every preset, each as the list of caveats it becomes (docs/specs/token-format.md#tokens-of-flyctl). */
export const presets = {
  org: {
    purpose: 'everything in the workspace',
    needsApp: false,
    lifetimeSeconds: DEFAULT_LIFETIME_SECONDS,
    caveats: ({ workspace }) => [[organization(workspace, Action.all)]],
  },
  deploy: {
    purpose: 'everything about one app, and reading the rest of the workspace',
    needsApp: true,
    lifetimeSeconds: DEFAULT_LIFETIME_SECONDS,
    caveats: ({ workspace, app }) => [deployCaveats(workspace, app)],
  },
  readonly: {
    purpose: 'reading the whole workspace',
    needsApp: false,
    lifetimeSeconds: DEFAULT_LIFETIME_SECONDS,
    caveats: ({ workspace }) => [[organization(workspace, Action.read)]],
  },
  'machine-exec': {
    purpose: 'running commands in the machines of one app',
    needsApp: true,
    lifetimeSeconds: HOUR_SECONDS,
    caveats: ({ workspace, app, commands }) => [
      [
        ...deployCaveats(workspace, app),
        {
          type: 'IfPresent',
          ifs: [{ type: 'Commands', commands: commands ?? ANY_COMMAND }],
          else: Action.read,
        },
      ],
    ],
  },
  ssh: {
    purpose: 'opening a shell in the machines of one app: one token reads, one issues the certificate',
    needsApp: true,
    lifetimeSeconds: HOUR_SECONDS,
    caveats: ({ workspace, app }) => [
      [...deployCaveats(workspace, app), { type: 'Action', mask: Action.read }],
      [
        ...deployCaveats(workspace, app),
        { type: 'Mutations', mutations: ['issueCertificate', 'addWireGuardPeer'] },
      ],
    ],
  },
  wireguard: {
    purpose: 'managing private-network peers, and reading the workspace but not its apps',
    needsApp: false,
    lifetimeSeconds: DEFAULT_LIFETIME_SECONDS,
    caveats: ({ workspace }) => [
      [
        organization(workspace, Action.all),
        {
          type: 'IfPresent',
          ifs: [
            { type: 'Apps', apps: new Map() },
            { type: 'FeatureSet', features: new Map([['wg', Action.all]]) },
          ],
          else: Action.read,
        },
      ],
    ],
  },
  'app-control': {
    purpose: 'reading, starting and stopping one app for a year, with no sign-in',
    needsApp: true,
    lifetimeSeconds: YEAR_SECONDS,
    caveats: ({ workspace, app }) => [
      [organization(workspace, READ_CONTROL), { type: 'Apps', apps: new Map([[app, READ_CONTROL]]) }],
    ],
  },
} satisfies Record<string, Preset>;

/** The name of a preset. */
export type PresetName = keyof typeof presets;

/** Whether a text names a preset. */
export function isPresetName(name: unknown): name is PresetName {
  return typeof name === 'string' && Object.hasOwn(presets, name);
}

/** Why a preset could not be filled in. */
export type PresetReason =
  | { readonly tag: 'unknown_preset' }
  | { readonly tag: 'app_needed' }
  | { readonly tag: 'app_not_wanted' };

/** The caveat lists of a preset, one list per token. */
export function presetCaveats(
  name: PresetName,
  input: PresetInput,
): Result<readonly (readonly Caveat[])[], PresetReason> {
  // Plain JavaScript knows no union types.
  if (!isPresetName(name)) return refuse({ tag: 'unknown_preset' });
  const preset: Preset = presets[name];
  if (!preset.needsApp) {
    // An app on a workspace-wide preset would look like a restriction that nobody enforces.
    return input.app === undefined
      ? ok(preset.caveats({ ...input, app: 0n }))
      : refuse({ tag: 'app_not_wanted' });
  }
  // App 0 is the wildcard of resource sets.
  if (input.app === undefined || input.app <= 0n) return refuse({ tag: 'app_needed' });
  return ok(preset.caveats({ ...input, app: input.app }));
}
