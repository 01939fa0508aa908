import type { Lab } from './lab.ts';

/** `must`: the page says so, or flyctl breaks, or it is a hole. `should`: what Hangar recommends. */
export type Level = 'must' | 'should';

/** What a case is about; `--only` takes these words too. */
export type Group =
  | 'signing'
  | 'replay'
  | 'provision'
  | 'idempotency'
  | 'asynchronous'
  | 'show'
  | 'update'
  | 'delete'
  | 'sign-on'
  | 'webhooks'
  | 'events'
  | 'billing'
  | 'general'
  | 'hostile';

/** What a case cannot do without, beside the base address and the secret. */
export type Need = 'twin' | 'trigger' | 'second-secret' | 'webhook-secret' | 'https';

/** One thing that a provider of Fly.io extensions does, or does not do. */
export interface Case {
  /** A row of docs/requirements.md. */
  readonly id: string;
  readonly level: Level;
  readonly group: Group;
  readonly title: string;
  /** Page and heading of the rule. */
  readonly rule: string;
  readonly needs: readonly Need[];
  /** Returns when it holds. @throws CaseFailed, CaseSkipped */
  run(lab: Lab): Promise<void>;
}

type Maker = (id: string, title: string, run: Case['run'], rule?: string) => Case;

/** Makes cases of one group. */
export function casesOf(
  group: Group,
  rule: string,
  ...needs: readonly Need[]
): { readonly must: Maker; readonly should: Maker } {
  const maker =
    (level: Level): Maker =>
    (id, title, run, ownRule = rule) => ({ id, level, group, title, rule: ownRule, needs, run });
  return { must: maker('must'), should: maker('should') };
}
