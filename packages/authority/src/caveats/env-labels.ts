import type { HangarFacts } from '@hangar/contract';
import { objection, type PrivateCaveat } from '@hangar/macaroon';
import { factsOf } from './facts.ts';
import { HANGAR_CAVEAT_NUMBERS } from './numbers.ts';

/** Only environments that carry all of these labels. */
export interface EnvLabels {
  readonly labels: ReadonlyMap<string, string>;
}

/** The caveat `EnvLabels {label: value}`. */
export const envLabelsCaveat: PrivateCaveat<EnvLabels, HangarFacts> = {
  number: HANGAR_CAVEAT_NUMBERS.EnvLabels,
  name: 'EnvLabels',
  write: (writer, { labels }) => {
    writer.array(1).textMap(labels, (value) => void writer.text(value));
  },
  read: (reader) => {
    reader.struct(1);
    return { labels: reader.textMap(() => reader.text()) };
  },
  clear: ({ labels }, subject) => {
    const { environment, listing } = factsOf(subject);
    if (environment === undefined) {
      if (listing === true) return undefined;
      return objection(
        'resource_unspecified',
        'The token is for certain environments, and the request names none.',
      );
    }
    const carried = new Map(Object.entries(environment.labels ?? {}));
    const lacking = [...labels].filter(([label, value]) => carried.get(label) !== value);
    if (lacking.length === 0) return undefined;
    return objection('private', `The token is for environments with ${words(lacking)}.`);
  },
  explain: ({ labels }) => `Only environments with ${words([...labels])}.`,
  toJson: ({ labels }) => Object.fromEntries(labels),
};

function words(labels: readonly (readonly [string, string])[]): string {
  return labels.map(([label, value]) => `${label}=${value}`).join(', ');
}
