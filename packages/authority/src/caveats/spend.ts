import type { HangarFacts, SpendPeriod } from '@hangar/contract';
import { Action, objection, type PrivateCaveat } from '@hangar/macaroon';
import { factsOf, type CaveatMeters } from './facts.ts';
import { HANGAR_CAVEAT_NUMBERS } from './numbers.ts';

/** Stops creating and starting once what the branch caused has cost this much. */
export interface Spend {
  /** In minor units: cents. */
  readonly amount: number;
  /** ISO 4217. */
  readonly currency: string;
  readonly period: SpendPeriod;
}

const PERIODS: readonly SpendPeriod[] = ['day', 'month', 'total'];

/** The caveat `Spend {amount, currency, period}`. */
export function spendCaveat(meters: CaveatMeters): PrivateCaveat<Spend, HangarFacts> {
  return {
    number: HANGAR_CAVEAT_NUMBERS.Spend,
    name: 'Spend',
    write: (writer, { amount, currency, period }) =>
      void writer.array(3).unsigned(amount).text(currency).unsigned(PERIODS.indexOf(period)),
    read: (reader) => {
      reader.struct(3);
      const amount = reader.unsigned(Number.MAX_SAFE_INTEGER);
      const currency = reader.text();
      const period = PERIODS[reader.unsigned(PERIODS.length - 1)] ?? reader.malformed('no such period');
      return { amount, currency, period };
    },
    clear: ({ amount, currency, period }, subject, branch) => {
      const action = subject.kind === 'access' ? subject.access.action : Action.none;
      const costs = factsOf(subject).costs ?? (action & (Action.create | Action.control)) !== 0;
      if (!costs) return undefined;
      // What was spent takes rows to know.
      const limit = { branch: branch ?? '', amount, currency, period };
      const caveat = explain({ amount, currency, period });
      if (branch !== undefined && meters.deferLimit?.({ kind: 'spend', ...limit, caveat }) === true)
        return undefined;
      return objection('invalid_access', 'The token has a budget, and what it has spent is not known here.');
    },
    explain,
    toJson: ({ amount, currency, period }) => ({ amount, currency, period }),
  };
}

function explain(spend: Spend): string {
  return `Creates and starts until it has cost ${words(spend)}.`;
}

function words({ amount, currency, period }: Spend): string {
  const span = period === 'total' ? 'in all' : `a ${period}`;
  return `${(amount / 100).toFixed(2)} ${currency} ${span}`;
}
