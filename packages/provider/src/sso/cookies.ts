import { parse, serialize } from 'hono/utils/cookie';
import { sha256Hex } from '@hangar/security';

/** The cookies of sign-in, under the one set of flags that they may have. */
export interface Cookies {
  login(headers: Headers): string | undefined;
  setLogin(answer: Headers, token: string, seconds: number): void;
  clearLogin(answer: Headers): void;
  /** True when this browser began the attempt that the state belongs to. */
  holdsAttempt(headers: Headers, state: string): boolean;
  setAttempt(answer: Headers, state: string, seconds: number): void;
  clearAttempt(answer: Headers, state: string): void;
}

/** 32 random bytes in base64url. Anything else was not set by us. */
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

/**
 * `__Host-` keeps a sibling domain from planting one, and browsers take it over https only. On plain http on this
 * machine the names are others, so such a cookie never counts anywhere else (docs/specs/promises.md#cookies). Lax,
 * because Strict would drop it on the way back from Fly.io. One cookie per attempt: two tabs may sign in at once.
 */
export function createCookies(secure: boolean): Cookies {
  const prefix = secure ? '__Host-hangar' : 'hangar-plain';
  const flags = { path: '/', httpOnly: true, secure, sameSite: 'Lax' } as const;
  const attemptName = (state: string): string => `${prefix}-attempt-${sha256Hex(state).slice(0, 12)}`;
  const read = (headers: Headers, name: string): string | undefined => {
    const value = parse(headers.get('cookie') ?? '', name)[name];
    return value !== undefined && TOKEN.test(value) ? value : undefined;
  };
  const write = (answer: Headers, name: string, value: string, seconds: number): void => {
    answer.append('set-cookie', serialize(name, value, { ...flags, maxAge: seconds }));
  };
  return {
    login: (headers) => read(headers, prefix),
    setLogin: (answer, value, seconds) => write(answer, prefix, value, seconds),
    clearLogin: (answer) => write(answer, prefix, '', 0),
    // The name holds a digest of the state and the value the state itself: both must be this browser's.
    holdsAttempt: (headers, state) => TOKEN.test(state) && read(headers, attemptName(state)) === state,
    setAttempt: (answer, state, seconds) => write(answer, attemptName(state), state, seconds),
    clearAttempt: (answer, state) => write(answer, attemptName(state), '', 0),
  };
}
