import type { Report, Result } from '../run/report.ts';

/** One case as a line of JSON. */
export function jsonOf({ case: one, outcome, ms }: Result): string {
  const { id, level, group, title, rule } = one;
  const { tag, ...more } = outcome;
  return JSON.stringify({ id, level, group, title, rule, outcome: tag, ms, ...more });
}

/** The last line. */
export function sumsJson({ baseUrl, sums, left }: Report): string {
  const { failedMust, left: _, ...counted } = sums;
  return JSON.stringify({ base_url: baseUrl, ...counted, failed_must: failedMust, left });
}
