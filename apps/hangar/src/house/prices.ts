import type { UsageRecord } from '@hangar/gateway';

type Metered = Pick<UsageRecord, 'meter' | 'cpuKind'>;

/**
 * What a customer pays, in US dollars per unit, as decimal text with at most ten places. Dedicated processors
 * cost about eleven times a shared one, as they do at Fly.io.
 */
const vcpuSecond: Readonly<Record<string, string>> = { shared: '0.0000007500', performance: '0.0000083000' };
const MEMORY_GIB_SECOND = '0.0000019300';

/** The price of one unit; a kind of processor without a price is sold at that of the dearest. */
export function priceOf(record: Metered): string {
  switch (record.meter) {
    case 'compute.vcpu_seconds':
      return vcpuSecond[record.cpuKind] ?? '0.0000083000';
    case 'compute.memory_gib_seconds':
      return MEMORY_GIB_SECOND;
  }
}

/** What a line on the invoice says. */
export function descriptionOf(record: Metered): string {
  switch (record.meter) {
    case 'compute.vcpu_seconds':
      return `Time of running machines, per ${record.cpuKind} processor`;
    case 'compute.memory_gib_seconds':
      return `Memory of running machines (${record.cpuKind} processors)`;
  }
}

/** The unit of a quantity. */
export function unitOf(record: Metered): string {
  switch (record.meter) {
    case 'compute.vcpu_seconds':
      return 'vCPU second';
    case 'compute.memory_gib_seconds':
      return 'GiB second';
  }
}
