import type { EnvironmentFacts, HangarFacts } from '@hangar/contract';
import { Action, objection, type Objection, type PrivateCaveat } from '@hangar/macaroon';
import { factsOf, type CaveatMeters } from './facts.ts';
import { HANGAR_CAVEAT_NUMBERS } from './numbers.ts';

/** May make environments of its own, and touch no others: previews per pull request. */
export interface EnvCreate {
  /** Keys of the environments it may make and touch begin with this. */
  readonly keyPrefix: string;
  /** Empty: any name. */
  readonly namePrefix: string;
  /** Empty: any class. */
  readonly classes: readonly string[];
  /** How many may be alive at once under this branch. */
  readonly maxLive: number;
  readonly maxTtlSeconds: number;
  /** Labels that every environment it makes must carry. */
  readonly labels: ReadonlyMap<string, string>;
}

export const MAX_LIVE = 100_000;
export const MAX_TTL_SECONDS = 366 * 86_400;
export const MAX_CLASSES = 64;

/** The caveat `EnvCreate {key_prefix, name_prefix, classes, max_live, max_ttl_s, labels}`. */
export function envCreateCaveat(meters: CaveatMeters): PrivateCaveat<EnvCreate, HangarFacts> {
  return {
    number: HANGAR_CAVEAT_NUMBERS.EnvCreate,
    name: 'EnvCreate',
    write: (writer, body) => {
      writer.array(6).text(body.keyPrefix).text(body.namePrefix).array(body.classes.length);
      for (const each of body.classes) writer.text(each);
      writer.unsigned(body.maxLive).unsigned(body.maxTtlSeconds);
      writer.textMap(body.labels, (value) => void writer.text(value));
    },
    read: (reader) => {
      reader.struct(6);
      const keyPrefix = reader.text();
      const namePrefix = reader.text();
      const classes: string[] = [];
      for (let left = reader.array(MAX_CLASSES); left > 0; left -= 1) classes.push(reader.text());
      const maxLive = reader.unsigned(MAX_LIVE);
      const maxTtlSeconds = reader.unsigned(MAX_TTL_SECONDS);
      return {
        keyPrefix,
        namePrefix,
        classes,
        maxLive,
        maxTtlSeconds,
        labels: reader.textMap(() => reader.text()),
      };
    },
    clear: (body, subject, branch) => {
      const { environment, listing } = factsOf(subject);
      if (environment === undefined) {
        if (listing === true) return undefined;
        return objection(
          'resource_unspecified',
          'The token is for its own environments, and the request names none.',
        );
      }
      if (environment.key?.startsWith(body.keyPrefix) !== true) {
        return objection('private', `The token is for environments whose key begins with ${body.keyPrefix}.`);
      }
      const creates = subject.kind === 'access' && (subject.access.action & Action.create) !== 0;
      if (!creates || environment.exists === true) return undefined;
      return clearCreation(body, environment, branch, meters);
    },
    explain,
    toJson: (body) => ({
      key_prefix: body.keyPrefix,
      name_prefix: body.namePrefix,
      classes: body.classes,
      max_live: body.maxLive,
      max_ttl_s: body.maxTtlSeconds,
      labels: Object.fromEntries(body.labels),
    }),
  };
}

function clearCreation(
  body: EnvCreate,
  environment: EnvironmentFacts,
  branch: string | undefined,
  meters: CaveatMeters,
): Objection {
  if (environment.name?.startsWith(body.namePrefix) !== true && body.namePrefix !== '') {
    return objection('private', `The token makes environments whose name begins with ${body.namePrefix}.`);
  }
  if (body.classes.length > 0 && !body.classes.includes(environment.class ?? '')) {
    return objection('private', `The token makes environments of class ${body.classes.join(' or ')}.`);
  }
  if (environment.ttlSeconds !== undefined && environment.ttlSeconds > body.maxTtlSeconds) {
    return objection(
      'private',
      `The token makes environments that live ${body.maxTtlSeconds} seconds at most.`,
    );
  }
  const carried = new Map(Object.entries(environment.labels ?? {}));
  for (const [label, value] of body.labels) {
    if (carried.get(label) !== value) {
      return objection('private', `The token makes environments with the label ${label}=${value}.`);
    }
  }
  const { maxLive, maxTtlSeconds } = body;
  // How many are alive is known only to the transaction that adds one.
  const held =
    branch !== undefined &&
    meters.deferLimit?.({ kind: 'live', branch, maxLive, maxTtlSeconds, caveat: explain(body) });
  return held === true
    ? undefined
    : objection('invalid_access', 'This token limits live environments, which this server does not count.');
}

function explain(body: EnvCreate): string {
  return (
    `May make environments whose key begins with ${body.keyPrefix}, ${body.maxLive} alive at once, ` +
    `each for ${body.maxTtlSeconds} seconds at most; touches no others.`
  );
}
