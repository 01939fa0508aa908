import { systemClock } from '@hangar/http';
import { redactText } from '@hangar/security';

/** An answer that went well: texts and numbers, nothing else. */
export interface AnsweredFields {
  readonly door: string;
  readonly requestId: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly ms: number;
}

/** A write is a call of the system; so many bytes go in one. */
const TOGETHER_BYTES = 8_192;
/** What a process that is killed may lose of these lines, and how late a reader sees them. */
const TOGETHER_MS = 250;
const TEXT_LENGTH = 1_024;

/**
 * Lines about answers that went well, which are nearly all, written together. What a stranger can choose goes through
 * the redactor: the door's name is ours, and of methods the server's parser lets only known ones pass.
 */
export class AnswerLines {
  readonly #write: (text: string) => void;
  #waiting = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  add({ door, requestId, method, path, status, ms }: AnsweredFields): void {
    const time = systemClock().toISOString();
    this.#waiting +=
      `{"level":"info","time":"${time}","door":${JSON.stringify(door)},"requestId":${safe(requestId)},` +
      `"method":${JSON.stringify(method)},"path":${safe(path)},"status":${status},"ms":${ms},"msg":"answered"}\n`;
    if (this.#waiting.length >= TOGETHER_BYTES) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), TOGETHER_MS).unref();
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

function safe(text: string): string {
  return JSON.stringify(redactText(text, TEXT_LENGTH));
}
