/**
 * What can be done with the texts of tokens and no key, no server and no Node: `@hangar/authority/offline` runs in pages
 * too.
 */
export { inspectTokens, tokenEnding, type InspectedToken, type Inspection } from './inspect.ts';
export {
  narrowBundle,
  narrowingCaveats,
  narrowTokens,
  type Narrowing,
  type NarrowingReason,
} from './narrow.ts';
export { READABLE_CAVEATS } from './readable.ts';
export {
  isPresetName,
  presetCaveats,
  presets,
  type Preset,
  type PresetInput,
  type PresetName,
} from './presets.ts';
export { MAX_LIFETIME_SECONDS, parseLifetime, type LifetimeReason } from './lifetime.ts';
