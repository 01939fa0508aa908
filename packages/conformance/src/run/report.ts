import type { Case } from '../lab/case.ts';

/** The exchange that shows why a case does not hold, without a secret and cut to what a person reads. */
export interface Evidence {
  /** A command that sends the same request again. */
  readonly curl: string;
  /** Status, or what came instead. */
  readonly answered: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What became of one case. `broken`: the tester itself failed at it, which says nothing about the provider. */
export type Outcome =
  | { readonly tag: 'passed' }
  | { readonly tag: 'skipped'; readonly why: string }
  | { readonly tag: 'failed'; readonly why: string; readonly evidence: Evidence | undefined }
  | { readonly tag: 'broken'; readonly why: string };

/** One case with its outcome. */
export interface Result {
  readonly case: Case;
  readonly outcome: Outcome;
  readonly ms: number;
}

/** The sums of a run. */
export interface Sums {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Of the failed ones, those that must hold. */
  readonly failedMust: number;
  readonly broken: number;
  /** Resources that could not be deleted again. */
  readonly left: number;
}

/** A whole run. */
export interface Report {
  readonly baseUrl: string;
  readonly results: readonly Result[];
  readonly sums: Sums;
  /** Ids of resources that are still at the provider. */
  readonly left: readonly string[];
}

/** Adds up. */
export function sumsOf(results: readonly Result[], left: number): Sums {
  const count = (tag: Outcome['tag']): number => results.filter(({ outcome }) => outcome.tag === tag).length;
  return {
    passed: count('passed'),
    failed: count('failed'),
    skipped: count('skipped'),
    failedMust: results.filter((one) => one.outcome.tag === 'failed' && one.case.level === 'must').length,
    broken: count('broken'),
    left,
  };
}

/** 0: all that ran hold. 1: some do not. 3: the tester failed. */
export function exitCodeOf(sums: Sums): 0 | 1 | 3 {
  if (sums.broken > 0 || sums.passed + sums.failed === 0) return 3;
  return sums.failed > 0 ? 1 : 0;
}
