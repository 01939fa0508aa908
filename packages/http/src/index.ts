/** Verdicts as values: `Result`, and the two ways to make one. */
export { ok, refuse, type Result } from './result.ts';

/** Values that may be there at once. */
export { whenThere, type Soon } from './soon.ts';

/** Options with their defaults. */
export { withDefaults } from './with-defaults.ts';

/** The clock every library takes in its options. */
export { systemClock, type Clock } from './clock.ts';

/** What the libraries write to; silent unless the app passes a logger. */
export { silentLog, type Log, type LogLine } from './log.ts';

/** What a server passes beside the Request, and reading a body within a limit. */
export { splitTarget, type RequestContext } from './request-context.ts';
export { readBody } from './body.ts';
export {
  createBodyBudget,
  type BodyBudget,
  type BodyBudgetLimits,
  type BodyHold,
  type BodyShare,
} from './body-budget.ts';
export { callerOf } from './caller-of.ts';

/** JSON from strangers. */
export { parseStrictJson, type JsonLimits, type JsonReason } from './strict-json.ts';

/** The one table of errors, the one error that is thrown, and its answer. */
export {
  errorReference,
  errorTable,
  type ErrorCode,
  type ErrorReferenceRow,
  type ErrorRow,
} from './error-table.ts';
export {
  answerError,
  asHangarError,
  errorBody,
  errorResponse,
  HangarError,
  onlyAllow,
  renderError,
  type ErrorBody,
  type HangarErrorOptions,
  type RenderedError,
} from './errors.ts';

/** Anything thrown, for a person. */
export { inWords } from './in-words.ts';

/** A door beside `fetch`, for what can be answered on the server's own objects. */
export type { Direct, DirectContext } from './server-door.ts';
