/** Every case, as data. */
export { CASES } from './cases/all.ts';
export type { Case, Group, Level, Need } from './lab/case.ts';

/** A run, and what became of it. */
export { ProviderUnreachable, runConformance, type Plan, type TwinPlan } from './run/run.ts';
export {
  exitCodeOf,
  type Evidence,
  type Outcome,
  type Report,
  type Result,
  type Sums,
} from './run/report.ts';
