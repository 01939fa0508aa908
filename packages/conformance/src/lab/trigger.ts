import { randomUUID } from 'node:crypto';
import type { Answer } from './line.ts';
import type { Outgoing } from './order.ts';
import { CaseFailed } from './claims.ts';
import { exchangeOf } from './exchange.ts';

/** What somebody does at the provider's own side, where the Extensions API does not reach. */
export type Deed =
  | {
      readonly do: 'create';
      readonly name: string;
      readonly organization_id: string;
      readonly user_id: string;
    }
  | { readonly do: 'change'; readonly id: string }
  | { readonly do: 'delete'; readonly id: string };

/** Does deeds at the provider's own side. */
export interface Trigger {
  /** Returns the provider's id of what it was done to. @throws CaseFailed when the provider did not do it */
  act(deed: Deed): Promise<string>;
}

/**
 * A trigger behind an address: `POST` of the deed as JSON, answered 2xx with `{"id"}`. A provider that is tested so serves it in
 * development only.
 */
export function createTrigger(address: string, send: (outgoing: Outgoing) => Promise<Answer>): Trigger {
  const url = new URL(address);
  return {
    async act(deed) {
      const outgoing: Outgoing = {
        method: 'POST',
        target: url.pathname + url.search,
        headers: [
          ['content-type', 'application/json'],
          ['x-request-id', randomUUID()],
        ],
        body: new Uint8Array(Buffer.from(JSON.stringify(deed))),
      };
      const exchange = exchangeOf({ outgoing, fresh: undefined }, await send(outgoing));
      const id = exchange.json['id'] ?? ('id' in deed ? deed.id : undefined);
      if (exchange.status < 200 || exchange.status > 299 || typeof id !== 'string')
        throw new CaseFailed(`the trigger did not ${deed.do} anything`, exchange);
      return id;
    },
  };
}
