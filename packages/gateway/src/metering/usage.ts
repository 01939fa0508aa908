import type { Interval } from '../nouns.ts';

/** What is counted. Seconds are those in which a machine ran; stopped and suspended machines are not compute. */
export type Meter = 'compute.vcpu_seconds' | 'compute.memory_gib_seconds';

/** Usage of one environment in one hour (or day). */
export interface UsageRecord {
  /** Made from environment, meter, kind and hour: the same usage has the same id whenever it is asked for. */
  readonly id: string;
  readonly environment: string;
  readonly meter: Meter;
  /** `shared` or `performance`. */
  readonly cpuKind: string;
  readonly from: Date;
  readonly to: Date;
  readonly quantity: number;
  /** `exact` when every second comes from the machine's own events. */
  readonly confidence: 'exact' | 'inferred';
}

/** How finely usage is cut. */
export type Granularity = 'hour' | 'day';

const LENGTH_MS: Readonly<Record<Granularity, number>> = { hour: 3_600_000, day: 86_400_000 };

interface Sum {
  readonly environment: string;
  readonly cpuKind: string;
  readonly bucket: number;
  vcpuMs: number;
  memoryMbMs: number;
  exact: boolean;
}

/**
 * Cuts running times at UTC hour or day borders and sums them per environment. Time accrues while a machine
 * runs: an open interval counts up to `now`. The same intervals always give the same records, and the parts of a span
 * add up to the whole, because sums are kept in whole milliseconds (docs/specs/gateway.md#running-time).
 */
export function cutUsage(
  intervals: readonly Interval[],
  span: { readonly from: Date; readonly to: Date; readonly now: Date; readonly granularity?: Granularity },
): readonly UsageRecord[] {
  const length = LENGTH_MS[span.granularity ?? 'hour'];
  const end = Math.min(span.to.getTime(), span.now.getTime());
  const sums = new Map<string, Sum>();
  for (const interval of intervals) {
    let at = Math.max(interval.startedAt.getTime(), span.from.getTime());
    const until = Math.min(interval.stoppedAt?.getTime() ?? end, end);
    while (at < until) {
      const bucket = Math.floor(at / length) * length;
      const next = Math.min(until, bucket + length);
      const sum = sumFor(sums, interval, bucket);
      sum.vcpuMs += (next - at) * interval.guest.cpus;
      sum.memoryMbMs += (next - at) * interval.guest.memoryMb;
      sum.exact &&= interval.exact;
      at = next;
    }
  }
  return [...sums.values()].sort(byPlace).flatMap((sum) => records(sum, span, length));
}

function sumFor(sums: Map<string, Sum>, interval: Interval, bucket: number): Sum {
  const { environment } = interval;
  const { cpuKind } = interval.guest;
  const key = `${bucket} ${environment} ${cpuKind}`;
  const known = sums.get(key);
  if (known) return known;
  const sum: Sum = { environment, cpuKind, bucket, vcpuMs: 0, memoryMbMs: 0, exact: true };
  sums.set(key, sum);
  return sum;
}

function byPlace(a: Sum, b: Sum): number {
  return (
    a.bucket - b.bucket || a.environment.localeCompare(b.environment) || a.cpuKind.localeCompare(b.cpuKind)
  );
}

function records(sum: Sum, span: { from: Date; to: Date }, length: number): UsageRecord[] {
  const from = new Date(Math.max(sum.bucket, span.from.getTime()));
  const to = new Date(Math.min(sum.bucket + length, span.to.getTime()));
  const record = (meter: Meter, quantity: number): UsageRecord => ({
    id: `${sum.environment}:${meter}:${sum.cpuKind}:${from.toISOString()}`,
    environment: sum.environment,
    meter,
    cpuKind: sum.cpuKind,
    from,
    to,
    quantity,
    confidence: sum.exact ? 'exact' : 'inferred',
  });
  return [
    record('compute.vcpu_seconds', sum.vcpuMs / 1000),
    record('compute.memory_gib_seconds', sum.memoryMbMs / 1000 / 1024),
  ];
}

/** What running times cost: the price list that customers are billed by. */
export interface Prices {
  /** ISO 4217. */
  readonly currency: string;
  /** What the records cost together, in whole minor units, rounded down. */
  costOf(records: readonly UsageRecord[]): number;
}
