/**
 * What a customer pays, in US dollars per unit, as decimal text with at most ten places. The figures are those
 * of a small shared machine; an operator sells at prices of their own.
 */
const prices: Readonly<Record<string, string>> = {
  'compute.vcpu_seconds': '0.0000007500',
  'compute.memory_gib_seconds': '0.0000019300',
};

/** The unit price of a meter; what has none is free. */
export function priceOf(meter: string): string {
  return prices[meter] ?? '0';
}
