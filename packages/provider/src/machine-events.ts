import { MACHINE_EVENT_PREFIX, parseCloudEvent, type CloudEvent, type CloudEventReason } from '@hangar/flyio';
import { HangarError } from '@hangar/http';
import { sha256Hex } from '@hangar/security';
import type { Json } from './extension.ts';
import type { Deps } from './deps.ts';
import { setStatus } from './operations/status.ts';
import type { MachineEvent, PendingEvent } from './ports.ts';
import { createRounds, type Rounds } from './rounds.ts';
import { storable } from './wire/storable-text.ts';

/** Older events are kept but no longer acted on: their headers are not signed, so they can be sent again. */
const STALE_MS = 24 * 3_600_000;

/** How long the seller's code has for one event, and how long nobody else takes it up. */
const HANDLING_MS = 30_000;
const CLAIM_MS = 60_000;
const AT_ONCE = 20;

/** Failed handling is repeated with doubling pauses, then given up. */
const FIRST_PAUSE_MS = 2_000;
const TRIES = 6;

/**
 * The same bytes are looked into again at most this often. Fly.io sends them whenever a machine does the same again, so
 * they must not be ignored; anybody who captured them can send them a thousand times, each time under another id.
 */
const REPEAT_PAUSE_MS = 5_000;

const MAX_WORD = 64;
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/**
 * Takes in one event that Fly.io sent about a machine (docs/specs/extensions.md#events). Stored
 * once for each signed body; a repeat is thanked for. The seller's code sees it afterwards.
 * @returns whether something waits for the seller's code
 * @throws HangarError `bad_request`, `unsupported_media_type`
 */
export async function acceptEvent(headers: Headers, body: Uint8Array, deps: Deps): Promise<boolean> {
  const parsed = parseCloudEvent(headers, body);
  if (!parsed.ok) throw eventError(parsed.reason);
  const event = toEvent(parsed.value, deps.now());
  const known = event.type.startsWith(MACHINE_EVENT_PREFIX);
  const stale = event.time !== undefined && Date.parse(event.time) < event.receivedAt.getTime() - STALE_MS;
  const handled = !known || stale || deps.options.seller.onMachineEvent === undefined;
  return await deps.options.store.events.accept({ event, digest: sha256Hex(body), handled });
}

/** Hands waiting events to the seller's code, oldest first and one after the other. */
export function createEventRounds(deps: Deps): Rounds {
  return createRounds(
    async (signal) => await handleEvents(signal ?? new AbortController().signal, deps),
    (error) => deps.log.error({ error }, 'a round of machine events broke off'),
  );
}

async function handleEvents(signal: AbortSignal, deps: Deps): Promise<void> {
  while (!signal.aborted) {
    const now = deps.now();
    const until = new Date(now.getTime() + CLAIM_MS);
    const claimed = await deps.options.store.events.claim({ now, until, limit: AT_ONCE });
    if (claimed.length === 0) return;
    for (const pending of claimed) await handle(pending, signal, deps);
  }
}

async function handle(pending: PendingEvent, signal: AbortSignal, deps: Deps): Promise<void> {
  const { seller, store } = deps.options;
  const { key, event, attempts, times } = pending;
  const later = (ms: number): Date => new Date(deps.now().getTime() + ms);
  try {
    await seller.onMachineEvent?.(event, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(HANDLING_MS)]),
      now: deps.now(),
      setStatus: async (id, status, detail) => await setStatus(id, status, detail, deps),
    });
    await store.events.settle(key, { tag: 'handled', times, again: later(REPEAT_PAUSE_MS) });
  } catch (error) {
    const line = { event: event.id, type: event.type, attempts, error };
    if (attempts >= TRIES) {
      deps.log.error(line, 'a machine event was given up');
      await store.events.settle(key, { tag: 'given_up', times, again: later(REPEAT_PAUSE_MS) });
      return;
    }
    deps.log.warn(line, 'a machine event could not be handled; it will be tried again');
    await store.events.settle(key, { tag: 'again', at: later(FIRST_PAUSE_MS * 2 ** attempts) });
  }
}

function toEvent(event: CloudEvent, receivedAt: Date): MachineEvent {
  for (const attribute of [event.id, event.source, event.type]) {
    if (CONTROL.test(attribute))
      throw new HangarError('bad_request', { public: 'an event attribute holds control characters' });
  }
  const body = isObject(event.data) ? event.data : {};
  return {
    id: event.id,
    source: event.source,
    type: event.type,
    machineId: word(body['machine_id']),
    status: word(body['status']),
    data: storable((body['data'] ?? null) as Json),
    time: event.time,
    receivedAt,
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function word(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= MAX_WORD && !CONTROL.test(value)
    ? value
    : undefined;
}

function eventError(reason: CloudEventReason): HangarError {
  switch (reason.tag) {
    case 'batch':
      return new HangarError('unsupported_media_type', { public: 'batches of events are not accepted' });
    case 'content_type':
      return new HangarError('unsupported_media_type', { detail: reason.contentType.slice(0, 200) });
    case 'attribute_missing':
      return new HangarError('bad_request', { public: `the event attribute ${reason.attribute} is missing` });
    case 'attribute_malformed':
      return new HangarError('bad_request', {
        public: `the event attribute ${reason.attribute} is malformed`,
      });
    case 'specversion':
      return new HangarError('bad_request', {
        public: 'only CloudEvents 1.0 is accepted',
        detail: reason.specVersion,
      });
    case 'data_base64':
      return new HangarError('bad_request', {
        public: 'data_base64 must be base64 with its padding, and must not stand beside data',
      });
    case 'data':
      return new HangarError('bad_request', {
        public: 'the event is not plain JSON in UTF-8',
        detail: reason.json.tag,
      });
  }
}
