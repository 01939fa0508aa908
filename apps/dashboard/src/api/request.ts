import type { ErrorView } from '../../wire.d.ts';

/** An answer other than success, with what a person needs to report it. */
export class RequestFailed extends Error {
  readonly status: number;
  readonly code: string;
  readonly requestId: string | null;
  /** What is wrong with which member of what was sent. */
  readonly fields: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    sentence: string,
    requestId: string | null,
    fields: Readonly<Record<string, string>> = {},
  ) {
    super(sentence);
    this.name = 'RequestFailed';
    this.status = status;
    this.code = code;
    this.requestId = requestId;
    this.fields = fields;
  }
}

/** Reads JSON from our own server. Throws `RequestFailed`. */
export async function read<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
  return await send<Answer>(path, {
    headers: { Accept: 'application/json' },
    signal,
  });
}

/** Changes something: always POST, always JSON, always with the token that only this page knows. */
export async function change<Answer>(path: string, csrfToken: string, body: object = {}): Promise<Answer> {
  return await send<Answer>(path, {
    method: 'POST',
    headers: { Accept: 'application/json', 'Content-Type': 'application/json', 'X-CSRF-Token': csrfToken },
    body: JSON.stringify(body),
  });
}

async function send<Answer>(path: string, init: RequestInit): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(path, {
      ...init,
      credentials: 'same-origin',
      redirect: 'error',
      cache: 'no-store',
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new RequestFailed(0, 'unreachable', 'The server did not answer. Check your connection.', null);
  }
  if (response.ok) return (await response.json()) as Answer;
  throw await failureOf(response);
}

async function failureOf(response: Response): Promise<RequestFailed> {
  const requestId = response.headers.get('X-Request-Id');
  try {
    const body = (await response.json()) as Partial<ErrorView>;
    return new RequestFailed(
      response.status,
      body.code ?? 'unknown',
      body.error ?? `The server answered ${response.status}.`,
      body.request_id ?? requestId,
      body.fields ?? {},
    );
  } catch {
    return new RequestFailed(
      response.status,
      'unknown',
      `The server answered ${response.status}.`,
      requestId,
    );
  }
}
