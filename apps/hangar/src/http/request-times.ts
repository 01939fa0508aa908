import type { Registry } from 'prom-client';

const NAME = 'hangar_http_request_seconds';

/** What Prometheus reads of one set of labels. */
interface Series {
  readonly labels: Readonly<Record<string, string>>;
  /** How many took no longer than each bound and longer than the one before; the last is for the rest. */
  readonly counts: number[];
  sum: number;
  count: number;
}

/**
 * A histogram of requests. It is counted on every request, and prom-client's own makes and hashes an object of labels each
 * time: so the counts are kept here, and told in its form when they are asked for.
 */
export class RequestTimes {
  readonly #bounds: readonly number[];
  readonly #series = new Map<string, Series>();

  /** @param bounds upper ones in seconds, ascending */
  constructor(registry: Registry, bounds: readonly number[]) {
    this.#bounds = bounds;
    const help = 'Time from the head of a request to the head of its answer';
    const get = async () =>
      await Promise.resolve({
        name: NAME,
        help,
        type: 'histogram',
        aggregator: 'sum',
        values: this.#values(),
      });
    const metric = { name: NAME, get, reset: () => this.#series.clear() };
    registry.registerMetric(metric as unknown as Parameters<Registry['registerMetric']>[0]);
  }

  /** Few values each: a door of ours, a known method, a class of statuses. */
  observe(door: string, method: string, status: string, seconds: number): void {
    const key = `${door} ${method} ${status}`;
    const series = this.#series.get(key) ?? this.#begin(key, { door, method, status });
    let at = 0;
    while (at < this.#bounds.length && seconds > (this.#bounds[at] ?? 0)) at += 1;
    series.counts[at] = (series.counts[at] ?? 0) + 1;
    series.sum += seconds;
    series.count += 1;
  }

  #begin(key: string, labels: Series['labels']): Series {
    const counts = Array.from({ length: this.#bounds.length + 1 }, () => 0);
    const series: Series = { labels, counts, sum: 0, count: 0 };
    this.#series.set(key, series);
    return series;
  }

  #values(): { metricName: string; labels: Record<string, string | number>; value: number }[] {
    return [...this.#series.values()].flatMap(({ labels, counts, sum, count }) => {
      let within = 0;
      const buckets = this.#bounds.map((le, at) => {
        within += counts[at] ?? 0;
        return { metricName: `${NAME}_bucket`, labels: { le, ...labels }, value: within };
      });
      return [
        ...buckets,
        { metricName: `${NAME}_bucket`, labels: { le: '+Inf', ...labels }, value: count },
        { metricName: `${NAME}_sum`, labels: { ...labels }, value: sum },
        { metricName: `${NAME}_count`, labels: { ...labels }, value: count },
      ];
    });
  }
}
