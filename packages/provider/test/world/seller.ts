import type { Provisioned, ProvisionContext, Seller, UpdateContext, SellerContext } from '@hangar/provider';

/** A seller of log storage that keeps what it sold in memory, where tests can look. */
export interface TestSeller extends Seller {
  /** What exists at the seller's own side, by extension id. */
  readonly resources: Map<string, { url: string; readRegions: readonly string[] }>;
  readonly calls: string[];
  /** Replaces a verb for one test; `undefined` gives the good behaviour back. */
  onProvision: ((context: ProvisionContext) => Promise<Provisioned | void>) | undefined;
  onUpdate: ((context: UpdateContext) => Promise<Partial<Provisioned> | void>) | undefined;
  onDeprovision: ((context: SellerContext) => Promise<void>) | undefined;
  /** What the good behaviour does, for tests that wrap it. */
  make(context: ProvisionContext): Provisioned;
}

export function testSeller(): TestSeller {
  const resources = new Map<string, { url: string; readRegions: readonly string[] }>();
  const calls: string[] = [];
  const seller: TestSeller = {
    resources,
    calls,
    onProvision: undefined,
    onUpdate: undefined,
    onDeprovision: undefined,
    make({ extension }) {
      const url = `https://user:${extension.id.slice(0, 8)}@${extension.id}.logjam.example`;
      resources.set(extension.id, { url, readRegions: extension.readRegions });
      return { config: { LOGJAM_URL: url } };
    },
    async provision(context) {
      calls.push(`provision ${context.extension.id}`);
      return seller.onProvision === undefined ? seller.make(context) : await seller.onProvision(context);
    },
    async update(context) {
      calls.push(`update ${context.extension.id}`);
      if (seller.onUpdate !== undefined) return await seller.onUpdate(context);
      const resource = resources.get(context.extension.id);
      if (resource !== undefined)
        resources.set(context.extension.id, { ...resource, readRegions: context.next.readRegions });
    },
    async deprovision(context) {
      calls.push(`deprovision ${context.extension.id}`);
      await seller.onDeprovision?.(context);
      resources.delete(context.extension.id);
    },
  };
  return seller;
}

/** A promise and its key. */
export function gate<T = void>(): {
  readonly promise: Promise<T>;
  open(value: T): void;
  fail(error: unknown): void;
} {
  let open: (value: T) => void = () => {};
  let fail: (error: unknown) => void = () => {};
  const promise = new Promise<T>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { promise, open: (value) => open(value), fail: (error) => fail(error) };
}
