import type { Dispatcher } from '@hangar/security/outgoing';
import { failureOf, type UpstreamFailure } from './upstream-failure.ts';

/** Who takes an answer as it comes in. Nothing is called after `onEnd` or `onFailure`. */
export interface UpstreamHandler {
  /** Lower-case names; a repeated header is a list. */
  onHead(status: number, headers: Readonly<Record<string, string | string[] | undefined>>): void;
  onData(chunk: Uint8Array): void;
  onEnd(): void;
  /** Before the head: as `send` refuses. After it: the answer broke off. */
  onFailure(failure: UpstreamFailure): void;
}

/** A call on its way. */
export interface DispatchedCall {
  /** No more data until `resume`. */
  pause(): void;
  resume(): void;
  /** Gives up; the handler hears nothing more. */
  abort(): void;
}

/** One call between undici's pool and whoever takes its answer. */
export class Dispatched implements DispatchedCall, Dispatcher.DispatchHandler {
  readonly #method: string;
  readonly #handler: UpstreamHandler;
  #controller: Dispatcher.DispatchController | undefined;
  #isOver = false;

  constructor(method: string, handler: UpstreamHandler) {
    this.#method = method;
    this.#handler = handler;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }

  abort(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#controller?.abort(new Error('given up'));
  }

  fail(failure: UpstreamFailure): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#handler.onFailure(failure);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isOver) controller.abort(new Error('given up'));
  }

  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    headers: Parameters<UpstreamHandler['onHead']>[1],
  ): void {
    // What comes before the answer, as 103, is none.
    if (this.#isOver || status < 200) return;
    this.#handler.onHead(status, headers);
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#isOver) this.#handler.onData(chunk);
  }

  onResponseEnd(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#handler.onEnd();
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.fail(failureOf(error, this.#method));
  }
}
