import { randomUUID } from 'node:crypto';
import { casesOf, type Case } from '../lab/case.ts';
import { claim, claimNoFailure, claimRefused, claimStatus, claimTaken } from '../lab/claims.ts';
import type { Exchange } from '../lab/exchange.ts';
import type { Lab } from '../lab/lab.ts';
import { claimNothingMade } from './effects.ts';

const { must, should } = casesOf('events', 'docs/specs/extensions.md#events');
const ENDPOINTS = 'docs/specs/extensions.md#endpoints';

const A_YEAR_MS = 365 * 86_400_000;

interface Told {
  readonly body?: string | undefined;
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined;
  readonly signature?: string | null | undefined;
}

/** The body that the page shows: a machine that the provider may never have heard of. */
function machineBody(over: Record<string, unknown> = {}): string {
  return JSON.stringify({
    machine_id: '148ed193b95089',
    status: 'starting',
    data: { Transition: 'starting' },
    ...over,
  });
}

/** Sends a machine event in binary mode, with what the case changes. A header that is undefined is left out. */
async function tell(lab: Lab, told: Told = {}): Promise<Exchange> {
  const headers = Object.entries({ ...attributes(lab), ...told.headers }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return await lab.event(told.body ?? machineBody(), Object.fromEntries(headers), told.signature);
}

function attributes(lab: Lab): Record<string, string> {
  return {
    'content-type': 'application/json',
    'ce-specversion': '1.0',
    'ce-id': randomUUID(),
    'ce-source': 'https://api.machines.dev/v1/apps/conform/machines/148ed193b95089',
    'ce-type': 'io.fly.machine.starting',
    'ce-time': lab.now().toISOString(),
  };
}

function structured(lab: Lab): string {
  const { 'content-type': _, ...headers } = attributes(lab);
  const members = Object.entries(headers).map(([name, value]) => [name.slice(3), value]);
  return JSON.stringify({
    ...Object.fromEntries(members),
    datacontenttype: 'application/json',
    data: JSON.parse(machineBody()) as unknown,
  });
}

const BARE = {
  'ce-specversion': undefined,
  'ce-id': undefined,
  'ce-source': undefined,
  'ce-type': undefined,
  'ce-time': undefined,
};

export const EVENT_CASES: readonly Case[] = [
  must('EVT-01', 'A machine event in binary mode, signed, is accepted.', async (lab) => {
    claimTaken(await tell(lab));
  }),
  must('EVT-02', 'An event of an unknown type is accepted.', async (lab) => {
    claimTaken(await tell(lab, { headers: { 'ce-type': 'io.fly.machine.zzz' } }));
  }),
  should('EVT-03', 'An event with a wrong signature, or with none, is refused.', async (lab) => {
    claimStatus(await tell(lab, { signature: null }), 401);
    claimStatus(await tell(lab, { signature: 'ab'.repeat(32) }), 401);
  }),
  should('EVT-04', 'An event without a required attribute is refused.', async (lab) => {
    for (const name of ['ce-id', 'ce-type', 'ce-source', 'ce-specversion'])
      claimStatus(await tell(lab, { headers: { [name]: undefined } }), 400);
  }),
  should('EVT-05', 'An event that comes twice is accepted twice.', async (lab) => {
    const headers = { 'ce-id': randomUUID() };
    const body = machineBody({ data: { n: headers['ce-id'] } });
    claimTaken(await tell(lab, { headers, body }));
    claimTaken(await tell(lab, { headers, body }));
  }),
  should('EVT-06', 'An event in structured mode is accepted.', async (lab) => {
    claimTaken(
      await tell(lab, {
        body: structured(lab),
        headers: { ...BARE, 'content-type': 'application/cloudevents+json' },
      }),
    );
  }),
  should('EVT-07', 'A batch is refused.', async (lab) => {
    const headers = { ...BARE, 'content-type': 'application/cloudevents-batch+json' };
    claimStatus(await tell(lab, { body: `[${structured(lab)}]`, headers }), 415);
  }),
  should('EVT-08', 'Attributes in quotes and percent escapes are accepted.', async (lab) => {
    claimTaken(await tell(lab, { headers: { 'ce-source': '"https://api.machines.dev/v1/apps/caf%C3%A9"' } }));
  }),
  must(
    'EVT-09',
    'A body that is no JSON is refused, though it is signed, and never a failure.',
    async (lab) => {
      claimRefused(await tell(lab, { body: 'no json' }));
    },
  ),
  must(
    'EVT-10',
    '`events` is no resource, and an event no creation.',
    async (lab) => {
      const order = lab.order();
      await tell(lab, { body: JSON.stringify({ ...order, machine_id: 'x', status: 'started' }) });
      const shown = await lab.get('events');
      claimRefused(shown);
      claim(shown.json['id'] === undefined, 'a resource called `events` is shown', shown);
      await claimNothingMade(lab, order);
    },
    ENDPOINTS,
  ),
  should('EVT-11', 'An event a year old is accepted.', async (lab) => {
    const old = new Date(lab.now().getTime() - A_YEAR_MS).toISOString();
    claimTaken(await tell(lab, { headers: { 'ce-time': old } }));
  }),
  should('HOS-24', 'An event of another version of the specification is refused.', async (lab) => {
    claimStatus(await tell(lab, { headers: { 'ce-specversion': '2.0' } }), 400);
  }),
  should('HOS-25', 'A `ce-datacontenttype` beside the content type is refused.', async (lab) => {
    claimStatus(await tell(lab, { headers: { 'ce-datacontenttype': 'application/json' } }), 400);
  }),
  should('HOS-26', 'An attribute that is no UTF-8 is refused.', async (lab) => {
    claimStatus(await tell(lab, { headers: { 'ce-source': '/apps/%C0%A0' } }), 400);
  }),
  should('HOS-27', 'An event larger than 64 KiB is refused.', async (lab) => {
    const answer = await tell(lab, { body: machineBody({ data: 'x'.repeat(66_000) }) });
    const hungUp = answer.answer.tag === 'silent' && answer.answer.why === 'cut_off';
    if (!hungUp) claimStatus(answer, 413);
  }),
  should('HOS-28', 'The handshake of a stranger is not agreed to.', async (lab) => {
    const answer = await lab.send({
      method: 'OPTIONS',
      target: `${new URL(lab.baseUrl).pathname.replace(/\/$/, '')}/extensions/events`,
      headers: [['webhook-request-origin', 'elsewhere.example']],
    });
    claimNoFailure(answer);
    claim(answer.header('webhook-allowed-origin') === undefined, 'anybody may send events', answer);
  }),
  must(
    'HOS-29',
    'An event whose `data` is null, a list or text is accepted or refused, and never a failure.',
    async (lab) => {
      for (const data of [null, [1], 'text'])
        claimNoFailure(await tell(lab, { body: machineBody({ data }) }));
    },
  ),
];
