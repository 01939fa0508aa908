import { redactText } from '@hangar/security';
import { seen } from '../lab/claims.ts';
import { isObject, type Exchange } from '../lab/exchange.ts';
import type { Lab } from '../lab/lab.ts';
import type { Evidence } from '../run/report.ts';
import { curlOf } from './curl.ts';

/** Enough of an answer to see what went wrong. */
const SHOWN_CHARACTERS = 2_000;
/** Shorter values would take half of every sentence along. */
const LEAST_SECRET_CHARACTERS = 6;
const SHOWN_HEADERS = ['content-type', 'cache-control', 'location', 'allow', 'retry-after', 'x-request-id'];

/** Writes what happened without a secret in it. */
export interface Writer {
  evidence(exchange: Exchange): Evidence;
  redacted(text: string): string;
  /** The same for a terminal: what the other side said moves no cursor, and ends somewhere. */
  told(text: string): string;
}

export function createWriter(lab: Lab, secretName: string): Writer {
  const secrets = (): string[] =>
    [
      lab.secret.reveal(),
      lab.secondSecret?.reveal() ?? '',
      lab.webhookSecret?.reveal() ?? '',
      ...lab.handedOut,
    ].filter((one) => one.length >= LEAST_SECRET_CHARACTERS);
  const redacted = (text: string): string =>
    redactText(secrets().reduce((all, secret) => all.replaceAll(secret, '[redacted]'), text));
  const { origin } = new URL(lab.baseUrl);
  const told = (text: string): string => cut(redacted(text));
  return {
    redacted,
    told,
    evidence: (exchange) => ({
      curl: curlOf(exchange, { origin, secretName, redacted }),
      answered: seen(exchange),
      headers: Object.fromEntries(
        SHOWN_HEADERS.flatMap((name) => {
          const value = exchange.header(name);
          return value === undefined ? [] : [[name, told(value)]];
        }),
      ),
      body: told(withoutConfig(exchange)),
    }),
  };
}

/** The values of a `config` are told by their names alone, however they are written. */
function withoutConfig({ json, text }: Exchange): string {
  const { config } = json;
  if (!isObject(config)) return text;
  return JSON.stringify({
    ...json,
    config: Object.fromEntries(Object.keys(config).map((name) => [name, '[value]'])),
  });
}

function cut(text: string): string {
  const printable = text.replaceAll(/[\p{Cc}\p{Cf}](?<![\n\t])/gu, '\uFFFD');
  return printable.length <= SHOWN_CHARACTERS
    ? printable
    : `${printable.slice(0, SHOWN_CHARACTERS)}… (${printable.length} characters)`;
}
