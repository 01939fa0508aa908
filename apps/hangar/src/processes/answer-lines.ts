import { systemClock, type ErrorCode } from '@hangar/http';
import { redactText } from '@hangar/security';

/** An answer: texts and numbers, nothing else. */
export interface AnsweredFields {
  readonly door: string;
  readonly requestId: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly ms: number;
}

/** Why there was no other answer: a code of ours, and the private reason. */
export interface RefusedFields {
  readonly code: ErrorCode;
  readonly reason: string;
}

/** A write is a call of the system; so many bytes go in one. */
const TOGETHER_BYTES = 8_192;
/** What a process that is killed may lose of these lines, and how late a reader sees them. */
const TOGETHER_MS = 250;
const TEXT_LENGTH = 1_024;

/**
 * Lines about answers and refusals, which are nearly all, written together. What a stranger can choose goes through the
 * redactor: the door's name and the code are ours, and of methods the server's parser lets only known ones pass.
 */
export class AnswerLines {
  readonly #write: (text: string) => void;
  #waiting = '';
  #timer: NodeJS.Timeout | undefined;
  #second = 0;
  #secondText = '';

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  add({ door, requestId, method, path, status, ms }: AnsweredFields, refused?: RefusedFields): void {
    const end = refused
      ? `"code":"${refused.code}","reason":${safe(refused.reason)},"msg":"refused"}\n`
      : '"msg":"answered"}\n';
    this.#waiting +=
      `{"level":"info","time":"${this.#time()}","door":${quoted(door)},"requestId":${safe(requestId)},` +
      `"method":${quoted(method)},"path":${safe(path)},"status":${status},"ms":${ms},${end}`;
    if (this.#waiting.length >= TOGETHER_BYTES) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), TOGETHER_MS).unref();
  }

  /** Only the milliseconds are written anew: thousands of lines are of the same second. */
  #time(): string {
    const now = systemClock();
    const ms = now.getTime();
    const second = Math.floor(ms / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#secondText = now.toISOString().slice(0, -'000Z'.length);
    }
    return `${this.#secondText}${String(ms % 1000).padStart(3, '0')}Z`;
  }

  /** Before any other line, so that lines keep their order, and when the process ends. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting === '') return;
    const text = this.#waiting;
    this.#waiting = '';
    this.#write(text);
  }
}

/** Needs no escape in JSON. */
const PLAIN = /^[\w ./:?=&~,;-]*$/;

function quoted(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

function safe(text: string): string {
  return quoted(redactText(text, TEXT_LENGTH));
}
