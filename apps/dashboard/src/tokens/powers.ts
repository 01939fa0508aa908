import { READABLE_CAVEATS } from '@hangar/authority/offline';
import {
  Action,
  appScope,
  clear,
  everyCaveat,
  organizationScope,
  type Access,
  type Caveat,
} from '@hangar/macaroon';

/** What is asked of a token, in the order of columns; the words are those of the Machines API's users. */
export const ACTIONS = [
  { letter: 'r', bit: Action.read, word: 'Read', means: 'look at apps, machines, volumes, logs' },
  { letter: 'w', bit: Action.write, word: 'Write', means: 'change configuration, metadata, secrets' },
  { letter: 'c', bit: Action.create, word: 'Create', means: 'make new apps, machines, volumes' },
  { letter: 'd', bit: Action.delete, word: 'Delete', means: 'destroy them for good' },
  { letter: 'C', bit: Action.control, word: 'Control', means: 'start, stop, suspend, restart, lease' },
] as const;

/** One row: something a request may be about, and which actions on it the token allows. */
export interface Power {
  readonly about: string;
  /** In the order of {@link ACTIONS}; a refusal is the sentence that says why. */
  readonly answers: readonly (true | string)[];
}

/** Rows of one kind are shown up to here; a token may list thousands. */
const SHOWN = 20;

/**
 * What a token can and cannot do, found out by asking the library, not by reading the caveats a second time: each cell
 * is a request that is held against every caveat. Empty when the token names no organization.
 */
export function powersOf(
  caveats: readonly Caveat[],
  now: Date,
  appName: (number: bigint) => string,
): readonly Power[] {
  const organization = organizationScope(caveats);
  if (!organization.ok) return [];
  const judged = caveats.filter(({ type }) => type !== '3P');
  const apps = appScope(caveats);
  const other = unlisted(apps ?? []);
  const row = (about: string, request: Partial<Access<never>>): Power => ({
    about,
    answers: ACTIONS.map(({ bit }) => {
      const asked: Access<never> = { orgId: organization.value, action: bit, now, ...request };
      const verdict = clear({ caveats: judged }, asked, READABLE_CAVEATS);
      // The app that stands for all others has no name worth telling.
      return verdict.ok || verdict.reason.sentence.replace(`, not for app ${other}.`, '.');
    }),
  });
  const inside = [...everyCaveat(caveats)];
  const named = (apps ?? []).slice(0, SHOWN);
  const machines = namesOf(inside, 'Machines').slice(0, SHOWN);
  const features = namesOf(inside, 'FeatureSet').slice(0, SHOWN);
  const homes = named.length > 0 ? named : [other];
  return [
    row('The organization itself', {}),
    ...named.map((appId) => row(appName(appId), { appId })),
    row(otherWords(apps), { appId: other }),
    ...machines.flatMap((machine) =>
      homes.map((appId) =>
        row(`Machine ${machine}${homes.length > 1 ? ` of ${appName(appId)}` : ''}`, { appId, machine }),
      ),
    ),
    ...features.map((feature) => row(`Feature ${feature}`, { feature })),
  ];
}

/** The moment to judge a token at: now, or when it is over or not begun, the nearest moment at which it is good. */
export function momentOf(caveats: readonly Caveat[], now: Date): Date {
  let moment = now.getTime();
  for (const caveat of caveats) {
    if (caveat.type !== 'ValidityWindow') continue;
    moment = Math.min(Math.max(moment, Number(caveat.notBefore) * 1000), Number(caveat.notAfter) * 1000);
  }
  return new Date(moment);
}

function namesOf(caveats: readonly Caveat[], type: 'Machines' | 'FeatureSet'): readonly string[] {
  const names = caveats.flatMap((caveat) => {
    if (caveat.type === 'Machines' && type === 'Machines') return [...(caveat.machines?.keys() ?? [])];
    if (caveat.type === 'FeatureSet' && type === 'FeatureSet') return [...(caveat.features?.keys() ?? [])];
    return [];
  });
  // The empty name is the wildcard, not a thing.
  return [...new Set(names)].filter((name) => name !== '');
}

function otherWords(apps: readonly bigint[] | undefined): string {
  if (apps === undefined || apps.length === 0) return 'Every app';
  return apps.length > SHOWN ? 'Any app that it does not name' : 'Any other app';
}

/** The number of an app that the token does not name. */
function unlisted(apps: readonly bigint[]): bigint {
  let number = 1n;
  while (apps.includes(number)) number += 1n;
  return number;
}
