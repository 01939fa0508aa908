import type { Rule } from './rule.ts';
import { baseRules } from './rules/docker/base.ts';
import { downloadRules } from './rules/docker/downloads.ts';
import { imageSecretRules } from './rules/docker/secrets.ts';
import { encryptionRules } from './rules/fly/encryption.ts';
import { environmentRules } from './rules/fly/environment.ts';
import { exposureRules } from './rules/fly/exposure.ts';
import { runningRules } from './rules/fly/running.ts';
import { hangarRules } from './rules/hangar/hangar.ts';
import { checkerRules } from './rules/checker.ts';
import { lockfileRules } from './rules/project/lockfile.ts';
import { weakenedRules } from './rules/project/weakened.ts';
import { buildContextRules } from './rules/tokens/build-context.ts';
import { flyTokenRules } from './rules/tokens/fly-tokens.ts';
import { otherSecretRules } from './rules/tokens/other-secrets.ts';
import { historyRules } from './rules/tokens/history.ts';
import { tokenCommandRules } from './rules/tokens/token-commands.ts';
import { actionRules } from './rules/workflows/actions.ts';
import { commandRules } from './rules/workflows/commands.ts';
import { tokenScopeRules } from './rules/workflows/token-scope.ts';

/** Every rule over the files of a project, by its id. */
export const offlineRules: readonly Rule[] = [
  ...environmentRules,
  ...encryptionRules,
  ...exposureRules,
  ...runningRules,
  ...flyTokenRules,
  ...otherSecretRules,
  ...historyRules,
  ...buildContextRules,
  ...tokenCommandRules,
  ...tokenScopeRules,
  ...actionRules,
  ...commandRules,
  ...imageSecretRules,
  ...baseRules,
  ...downloadRules,
  ...weakenedRules,
  ...lockfileRules,
  ...hangarRules,
  ...checkerRules,
].toSorted((a, b) => a.id.localeCompare(b.id));
