import type { Rule } from './rule.ts';
import { BASE_RULES } from './rules/docker/base.ts';
import { DOWNLOAD_RULES } from './rules/docker/downloads.ts';
import { IMAGE_SECRET_RULES } from './rules/docker/secrets.ts';
import { ENCRYPTION_RULES } from './rules/fly/encryption.ts';
import { ENVIRONMENT_RULES } from './rules/fly/environment.ts';
import { EXPOSURE_RULES } from './rules/fly/exposure.ts';
import { MEANING_RULES } from './rules/fly/meaning.ts';
import { RUNNING_RULES } from './rules/fly/running.ts';
import { HANGAR_RULES } from './rules/hangar/hangar.ts';
import { CHECKER_RULES } from './rules/checker.ts';
import { LOCKFILE_RULES } from './rules/project/lockfile.ts';
import { WEAKENED_RULES } from './rules/project/weakened.ts';
import { BUILD_CONTEXT_RULES } from './rules/tokens/build-context.ts';
import { FLY_TOKEN_RULES } from './rules/tokens/fly-tokens.ts';
import { OTHER_SECRET_RULES } from './rules/tokens/other-secrets.ts';
import { HISTORY_RULES } from './rules/tokens/history.ts';
import { TOKEN_COMMAND_RULES } from './rules/tokens/token-commands.ts';
import { ACTION_RULES } from './rules/workflows/actions.ts';
import { COMMAND_RULES } from './rules/workflows/commands.ts';
import { TOKEN_SCOPE_RULES } from './rules/workflows/token-scope.ts';

/** Every rule over the files of a project, by its id. */
export const OFFLINE_RULES: readonly Rule[] = [
  ...ENVIRONMENT_RULES,
  ...ENCRYPTION_RULES,
  ...EXPOSURE_RULES,
  ...RUNNING_RULES,
  ...MEANING_RULES,
  ...FLY_TOKEN_RULES,
  ...OTHER_SECRET_RULES,
  ...HISTORY_RULES,
  ...BUILD_CONTEXT_RULES,
  ...TOKEN_COMMAND_RULES,
  ...TOKEN_SCOPE_RULES,
  ...ACTION_RULES,
  ...COMMAND_RULES,
  ...IMAGE_SECRET_RULES,
  ...BASE_RULES,
  ...DOWNLOAD_RULES,
  ...WEAKENED_RULES,
  ...LOCKFILE_RULES,
  ...HANGAR_RULES,
  ...CHECKER_RULES,
].toSorted((a, b) => a.id.localeCompare(b.id));
