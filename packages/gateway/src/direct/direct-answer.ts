import { isAscii } from 'node:buffer';
import type { ServerResponse } from 'node:http';
import type { DispatchedCall, UpstreamFailure, UpstreamHandler } from '@hangar/flyio';
import { asHangarError, type DirectContext, type HangarError } from '@hangar/http';
import type { CleanedAnswers } from '../answer/cleaned-answers.ts';
import { cleaned } from '../answer/cleaned.ts';
import { directHead } from '../answer/head.ts';
import { endWith } from './end-with.ts';
import type { GatheredBytes } from './gathered-bytes.ts';
import type { Permit } from '../decide/decide.ts';
import type { Deps } from '../deps.ts';
import type { MachineNotes } from '../note/machine-notes.ts';
import { bringBack, isNew, SLOW_PATIENCE_MS } from '../operations/forward.ts';
import { act } from '../operations/handlers.ts';
import type { Reply } from '../request/route.ts';
import { readMachine } from '../rules/machine-marks.ts';
import { Exchange } from '../upstream/exchange.ts';
import {
  brokenOff,
  BUFFERED_BYTES,
  parseJson,
  PATIENCE_MS,
  replyOfBytes,
  tooLargeToFilter,
  upstreamError,
} from '../upstream/send.ts';

type Head = Parameters<UpstreamHandler['onHead']>[1];

/** Where an answer goes. */
export interface DirectWay {
  readonly reply: Reply;
  readonly outgoing: ServerResponse;
  readonly context: DirectContext;
  /** The ordinary way, from here on; nothing may have been written. */
  readonly handOver: (answer: () => Promise<Response>) => void;
  readonly answers: CleanedAnswers;
  readonly gathered: GatheredBytes;
}

/** Up to here a body is written together with its head, in one piece. */
const SMALL_BYTES = 65_536;

/**
 * One permitted read on its way: bytes from undici's pool to node:http's socket. What is not an answer as it should be goes
 * the ordinary way, which knows what to repeat and how each failure is told.
 */
export class DirectAnswer implements UpstreamHandler {
  readonly #permit: Permit;
  readonly #way: DirectWay;
  readonly #deps: Deps & { readonly notes: MachineNotes };
  readonly #target: string;
  readonly #environment: string;
  #call: DispatchedCall | undefined;
  #status = 0;
  #head: Head = {};
  /** What has come of a body that is looked at whole, or that goes out in one piece; undefined while it is passed on. */
  #gathered: Uint8Array[] | undefined;
  #size = 0;
  #isDone = false;

  constructor(permit: Permit, way: DirectWay, deps: Deps & { readonly notes: MachineNotes }) {
    const { located } = permit;
    this.#permit = permit;
    this.#way = way;
    this.#deps = deps;
    this.#target = located.authentic.whole.plan.upstreamTarget();
    this.#environment = located.caller.environment?.id ?? '';
  }

  send(): void {
    const { outgoing } = this.#way;
    if (outgoing.destroyed) return;
    outgoing.once('close', () => {
      if (this.#isDone) return;
      this.#end();
      this.#call?.abort();
    });
    const { route } = this.#permit.located.authentic.whole.plan;
    this.#call = this.#deps.machines.dispatch(
      {
        method: 'GET',
        path: this.#target,
        headers: Object.assign({ 'user-agent': 'hangar' }, this.#permit.headers),
        timeoutMs: route.slow ? SLOW_PATIENCE_MS : PATIENCE_MS,
      },
      this,
    );
  }

  onHead(status: number, head: Head): void {
    this.#guard(() => {
      this.#status = status;
      this.#head = head;
      if (!this.#isAnswer()) this.#askAgain();
      else if (status >= 400 || this.#way.reply !== 'stream' || isSmall(head)) this.#gathered = [];
      else this.#writeHead();
    });
  }

  onData(chunk: Uint8Array): void {
    this.#guard(() => {
      if (!this.#gathered) return this.#passOn(chunk);
      if (this.#size + chunk.byteLength > BUFFERED_BYTES) throw tooLargeToFilter();
      this.#way.gathered.take(chunk.byteLength);
      this.#size += chunk.byteLength;
      this.#gathered.push(chunk);
    });
  }

  onEnd(): void {
    this.#guard(() => {
      if (this.#gathered) return this.#finish(joined(this.#gathered));
      this.#end();
      this.#way.outgoing.end();
    });
  }

  onFailure(failure: UpstreamFailure): void {
    if (this.#isDone) return;
    if (this.#way.outgoing.headersSent) this.#break();
    else if (this.#status > 0) this.#refuse(brokenOff({ repeatable: true }));
    else if (failure.tag === 'timeout') this.#refuse(upstreamError(failure, true));
    else this.#askAgain();
  }

  /** Whether this is what a caller may see. A redirect, a coded body or a refusal of the operator is not, nor what is repeated. */
  #isAnswer(): boolean {
    const status = this.#status;
    const encoding = this.#head['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity') return false;
    if (status < 300) return true;
    if (status < 400 || status === 401 || status === 403 || status >= 500) return false;
    const { plan } = this.#permit.located.authentic.whole;
    const { machine } = plan.params;
    const known = machine === undefined ? undefined : this.#deps.memory.machine(machine);
    return !(status === 404 && isNew(plan.route, known, this.#deps));
  }

  #finish(raw: Buffer): void {
    const { reply, answers } = this.#way;
    if (this.#status >= 400) return this.#bringBack(raw);
    if (reply === 'stream') return this.#write(raw);
    const key = `${this.#environment} ${this.#target}`;
    const known = answers.find(key, raw);
    if (known) return this.#write(known);
    const json = parseJson(raw);
    if (json === undefined) return this.#bringBack(raw);
    const clean = Buffer.from(JSON.stringify(cleaned(reply, json)));
    this.#write(clean);
    this.#takeNote(json);
    answers.remember(key, Buffer.from(raw), clean);
  }

  #takeNote(json: unknown): void {
    const { reply } = this.#way;
    if (reply !== 'machine' && reply !== 'machines') return;
    const at = this.#deps.now();
    for (const item of Array.isArray(json) ? (json as unknown[]) : [json]) {
      const seen = readMachine(item);
      if (seen)
        this.#deps.notes.add({ seen, environment: this.#environment, at, isWhole: reply === 'machine' });
    }
  }

  /** A length that is told spares the frames around a body; an answer without a body has none. */
  #writeHead(bytes?: number): void {
    const { outgoing, context } = this.#way;
    const ours = { requestId: context.requestId, environment: this.#environment };
    const head = directHead(this.#head, ours);
    if (bytes !== undefined && this.#status !== 204) head.push('content-length', String(bytes));
    outgoing.writeHead(this.#status, head);
    context.answered(this.#status);
  }

  /** Plain ASCII goes out as one text with the head, which is one write. */
  #write(body: Buffer): void {
    const { outgoing } = this.#way;
    this.#end();
    this.#writeHead(body.byteLength);
    if (isAscii(body)) endWith(outgoing, body.toString('latin1'), 'latin1');
    else outgoing.end(body);
  }

  #passOn(chunk: Uint8Array): void {
    const { outgoing } = this.#way;
    if (outgoing.write(chunk)) return;
    this.#call?.pause();
    outgoing.once('drain', () => this.#call?.resume());
  }

  /** The answer is there; how it is told is the ordinary way's. */
  #bringBack(raw: Buffer): void {
    const answer = replyOfBytes(this.#status, this.#head, raw);
    const { reply } = this.#way;
    this.#handOver(async () => await bringBack(this.#open(), answer, reply, undefined, this.#deps));
  }

  #open(asked = 0): Exchange {
    return Exchange.open(this.#permit, this.#deps, { asked });
  }

  /** The ordinary way repeats, and tells what cannot be passed on; that it was asked once counts there. */
  #askAgain(): void {
    this.#handOver(async () => await act(this.#open(1), this.#deps));
  }

  /** From here on nothing of it is heard, and nothing is held for it. */
  #end(): void {
    this.#isDone = true;
    this.#way.gathered.giveBack(this.#size);
    this.#size = 0;
  }

  #handOver(answer: () => Promise<Response>): void {
    this.#end();
    this.#call?.abort();
    this.#way.handOver(answer);
  }

  #refuse(refusal: HangarError): void {
    this.#handOver(async () => await Promise.reject(refusal));
  }

  #break(): void {
    this.#end();
    this.#call?.abort();
    this.#way.outgoing.destroy();
  }

  /** Nobody is above a listener of node:http: what is thrown here would end the process. */
  #guard(step: () => void): void {
    if (this.#isDone) return;
    try {
      step();
    } catch (error) {
      if (this.#way.outgoing.headersSent) this.#break();
      else this.#refuse(asHangarError(error));
    }
  }
}

function isSmall(head: Head): boolean {
  const length = head['content-length'];
  return typeof length === 'string' && Number(length) <= SMALL_BYTES;
}

function joined(parts: readonly Uint8Array[]): Buffer {
  const [first] = parts;
  if (first === undefined || parts.length > 1) return Buffer.concat(parts);
  return Buffer.from(first.buffer, first.byteOffset, first.byteLength);
}
