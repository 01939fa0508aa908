/**
 * The words of `explain` say what clearing does. A reader who knows nothing but English holds random requests against
 * the sentences of random caveats, and comes to the same verdict each time.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clear, explainCaveats, type Access, type Caveat } from '@hangar/macaroon';
import { anyAccess, nightly, readableCaveat } from './arbitrary.ts';
import { access, org, start } from './fixture.ts';

const RUNS = nightly ? 200_000 : 5000;

/** What a reader takes from one sentence about one request: yes, no, or that it is about something else. */
type Reading = 'yes' | 'no' | 'aside';

const VERBS = new Map([
  ['read', 1],
  ['write', 2],
  ['create', 4],
  ['delete', 8],
  ['control', 16],
]);
const NAME = String.raw`"(?:[^"\\]|\\.)*"`;
const NOUNS: Readonly<Record<string, (asked: Access) => bigint | string | undefined>> = {
  app: (asked) => asked.appId,
  volume: (asked) => asked.volume,
  machine: (asked) => asked.machine,
  cluster: (asked) => asked.cluster,
  'organization feature': (asked) => asked.feature,
  'app feature': (asked) => asked.appFeature,
  'machine feature': (asked) => asked.machineFeature,
  'storage object': (asked) => asked.storageObject,
};
const NOUN = Object.keys(NOUNS)
  .toSorted((a, b) => b.length - a.length)
  .join('|');
const ROLES = new Map([
  ['wg', 31],
  ['domain', 31],
  ['site', 31],
  ['builder', 31],
  ['addon', 31],
  ['checks', 31],
  ['litefs-cloud', 31],
  ['membership', 1],
  ['billing', 1],
  ['authentication', 1],
  ['deletion', 0],
  ['document_signing', 0],
]);

const say = (yes: boolean): Reading => (yes ? 'yes' : 'no');
const unquote = (text: string): string => JSON.parse(text) as string;

/** Whether an action is one of "read and control", "anything", "nothing". */
function does(words: string, action: number): boolean {
  if (words === 'anything') return action <= 31;
  if (words === 'nothing') return action === 0;
  const mask = words.split(/, | and /).reduce((sum, verb) => sum | VERBS.get(verb)!, 0);
  return (action & mask) === action;
}

function read(sentence: string, asked: Access): Reading {
  if (sentence.startsWith('Allows nothing')) return 'no';
  if (sentence.startsWith('Where it concerns one of these')) return readConditional(sentence, asked);
  if (sentence.startsWith('Whatever of this concerns')) return readConditional(sentence, asked);
  let found = /^May do (.+) in (?:any organization|organization (\d+))\.$/.exec(sentence);
  if (found)
    return say((found[2] === undefined || BigInt(found[2]) === asked.orgId) && does(found[1]!, asked.action));
  if (/, and nothing (?:on any other|that is about no)/.test(sentence)) return readResources(sentence, asked);
  found = new RegExp(`^Not for any (${NOUN}), and for nothing else\\.$`).exec(sentence);
  if (found) return NOUNS[found[1]!]!(asked) === undefined ? 'aside' : 'no';
  found = /^Valid from (.+) until (.+)\.$/.exec(sentence);
  if (found) {
    const at = (words: string): number =>
      words.startsWith('second ') ? Number(words.slice(7)) * 1000 : Date.parse(words);
    const now = asked.now.getTime();
    return say(at(found[1]!) <= now && now <= at(found[2]!));
  }
  found = /^Only for the mutations (.+)\.$/.exec(sentence);
  if (found) {
    if (asked.mutation === undefined) return 'aside';
    return say((found[1]!.match(new RegExp(NAME, 'g')) ?? []).map(unquote).includes(asked.mutation));
  }
  found = /^Only for running (.+)\.$/.exec(sentence);
  if (found) return readCommands(found[1]!, asked.command);
  found = /^Works only from inside (.+)\.$/.exec(sentence);
  if (found) {
    const places = [...found[1]!.matchAll(new RegExp(`(organization|app|machine) (${NAME})`, 'g'))];
    const here: Record<string, string | undefined> = {
      organization: asked.sourceOrganization,
      app: asked.sourceApp,
      machine: asked.sourceMachine,
    };
    return say(places.every(([, noun, name]) => here[noun!] === unquote(name!)));
  }
  if (sentence === 'Works from anywhere.' || sentence.startsWith('Names Fly.io user')) return 'yes';
  if (sentence === 'May do what a plain member of the organization may.') return readRoles(['member'], asked);
  found = /^May do what these roles may: (.+)\.$/.exec(sentence);
  if (found) return readRoles(found[1]!.split('+'), asked);
  found = /^May do ([a-z, ]+)\.$/.exec(sentence);
  if (found) return say(does(found[1]!, asked.action));
  if (/^The third party must see|^A discharge may live/.test(sentence)) return 'no';
  throw new Error(`a sentence that no reader knows: ${sentence}`);
}

function readResources(sentence: string, asked: Access): Reading {
  const text = sentence
    .slice('May do '.length)
    .replace(/, and nothing (?:on any other|that is about no).*$/s, '');
  const key = String.raw`(?:${NAME}|\d+)`;
  const part = new RegExp(
    `([a-z, ]+?) on (?:(every) )?(${NOUN})s?( under)?(?: (${key}(?:(?:, | and )${key})*))?(?:, | and |$)`,
    'gy',
  );
  let longest = -1;
  let verdict: Reading = 'no';
  for (const [, verbs, every, noun, under, list] of text.matchAll(part)) {
    const wanted = NOUNS[noun!]!(asked);
    if (wanted === undefined) return 'aside';
    const keys = (list?.match(new RegExp(key, 'g')) ?? []).map((one) =>
      one.startsWith('"') ? unquote(one) : BigInt(one),
    );
    for (const one of every === undefined ? keys : [wanted]) {
      const fits =
        under === undefined || every !== undefined ? one === wanted : String(wanted).startsWith(String(one));
      // "Where several fit, the longest counts."
      if (!fits || String(one).length <= longest) continue;
      longest = String(one).length;
      verdict = say(does(verbs!, asked.action));
    }
  }
  return verdict;
}

function readCommands(words: string, command: readonly string[] | undefined): Reading {
  if (command === undefined) return 'aside';
  if (words === 'no command at all') return 'no';
  const parts = words.split(/, (?=exactly|"|any)| or (?=exactly|"|any)/);
  return say(
    parts.some((part) => {
      if (part === 'any command') return true;
      const exact = part.startsWith('exactly ');
      const line = unquote(new RegExp(NAME).exec(part)![0]);
      const args = line === '' ? [] : line.split(' ');
      return (
        (exact ? command.length === args.length : command.length >= args.length) &&
        args.every((arg, index) => command[index] === arg)
      );
    }),
  );
}

function readRoles(roles: readonly string[], { feature, action }: Access): Reading {
  const byMember = feature === undefined || (action & (ROLES.get(feature) ?? -1)) === action;
  const known = feature === undefined || ROLES.has(feature);
  return say(roles.includes('admin') || (known && byMember && roles.includes('member')));
}

/** `… [one; another]. Anywhere else: may do read.` and `… must allow it: [one; another].` */
function readConditional(sentence: string, asked: Access): Reading {
  const open = sentence.indexOf('[');
  const inner: string[] = [];
  let depth = 0;
  let from = open + 1;
  let quoted = false;
  let at = open;
  for (; at < sentence.length; at++) {
    const letter = sentence[at]!;
    if (quoted) {
      if (letter === '\\') at += 1;
      else if (letter === '"') quoted = false;
      continue;
    }
    if (letter === '"') quoted = true;
    if (letter === '[') depth += 1;
    if (letter === ']') depth -= 1;
    const ends = depth === 0 && letter === ']';
    if (!ends && !(depth === 1 && /^; [A-Z]/.test(sentence.slice(at, at + 3)))) continue;
    inner.push(`${sentence.slice(from, at)}.`);
    from = at + 2;
    if (ends) break;
  }
  const readings = inner.map((one) => read(one, asked)).filter((reading) => reading !== 'aside');
  if (readings.length > 0) return say(!readings.includes('no'));
  const otherwise = /^\]\. Anywhere else: may do ([a-z, ]+)\.$/.exec(sentence.slice(at));
  if (otherwise === null) throw new Error(`nothing is said about the rest: ${sentence}`);
  return say(does(otherwise[1]!, asked.action));
}

/** All of it must hold, and what is about something else does not hold. */
function allowed(caveats: readonly Caveat[], asked: Access): boolean {
  return explainCaveats(caveats).every((sentence) => read(sentence, asked) === 'yes');
}

describe('what explain says', () => {
  test('is what clears, for random caveats and requests', () => {
    const verdicts = { yes: 0, no: 0 };
    fc.assert(
      fc.property(
        fc.array(readableCaveat, { minLength: 1, maxLength: 3 }),
        fc.boolean(),
        fc.array(anyAccess, { minLength: 4, maxLength: 8 }),
        (random, named, requests) => {
          const caveats = named ? [org, ...random] : random;
          for (const asked of requests) {
            const verdict = clear({ caveats }, asked);
            // A request that contradicts itself is refused before any caveat is asked.
            if (
              !verdict.ok &&
              verdict.reason.all.some((one) => one.caveat === undefined && one.tag !== 'no_organization')
            )
              continue;
            verdicts[verdict.ok ? 'yes' : 'no'] += 1;
            expect([explainCaveats(caveats), asked, allowed(caveats, asked)]).toEqual([
              explainCaveats(caveats),
              asked,
              verdict.ok,
            ]);
          }
        },
      ),
      { numRuns: RUNS },
    );
    // A property over requests of which nearly all are refused would say little.
    expect(verdicts.yes).toBeGreaterThan(RUNS / 20);
    expect(verdicts.no).toBeGreaterThan(RUNS / 20);
  });

  test('follows prefixes that stand inside each other', () => {
    const prefixes = new Map([
      ['https://s/b', 31],
      ['https://s/', 1],
      ['https://s/bucket', 3],
    ]);
    const caveats: Caveat[] = [org, { type: 'StorageObjects', prefixes }];
    expect(explainCaveats(caveats)[1]).toBe(
      'May do read on storage objects under "https://s/", "https://s/b" and "https://s/bucket", and nothing on any other. Where several fit, the longest counts.',
    );
    const write = access({ storageObject: 'https://s/bucket/x', action: 2 });
    expect([allowed(caveats, write), clear({ caveats }, write).ok]).toEqual([false, false]);
  });

  test('names what an inner condition makes of the rest', () => {
    const always: Caveat = { type: 'IfPresent', ifs: [{ type: 'Action', mask: 1 }], else: 31 };
    expect(explainCaveats([org, always])[1]).toBe(
      'Whatever of this concerns a request must allow it: [May do read].',
    );
    expect(explainCaveats([always]).at(-1)).toBe('Allows nothing: it names no organization.');
    const every: Caveat = { type: 'Apps', apps: new Map([[0n, 1]]) };
    expect(explainCaveats([org, every])[1]).toBe(
      'May do read on every app, and nothing that is about no app.',
    );
    const late: Caveat = { type: 'ValidityWindow', notBefore: start, notAfter: 8_640_000_000_000 };
    expect(explainCaveats([org, late])[1]).toBe(
      'Valid from 2023-11-14T22:13:20Z until +275760-09-13T00:00:00Z.',
    );
  });
});
