import { readFileSync } from 'node:fs';
import { systemClock } from '@hangar/http';
import { diagnoseSignature } from '@hangar/security';
import { readConfig } from '../config.ts';
import { readRawRequest } from '../doctor/raw-request.ts';
import { EXIT_USAGE, fail, failConfiguration, say } from '../processes/terminal.ts';

/** How `hangar doctor signature` was called. */
export interface DoctorSignatureFlags {
  /** When the request came, if that was not now. */
  readonly at?: string | undefined;
}

/** Standard input, as a file. */
const STANDARD_INPUT = 0;

/**
 * `hangar doctor signature`: names the mistake in a signed request that was refused, with the secrets of the configuration, and shows
 * none of them. Exit code 1 when there is one.
 */
export function doctorSignature(file: string | undefined, { at }: DoctorSignatureFlags): void {
  const config = readConfig();
  if (!config.ok) {
    failConfiguration(config.reason);
    return;
  }
  const now = at === undefined ? systemClock() : new Date(at);
  if (Number.isNaN(now.getTime())) {
    fail('--at takes a time such as 2026-11-20T12:00:00Z', EXIT_USAGE);
    return;
  }
  const bytes = bytesOf(file);
  const request = bytes === undefined ? undefined : readRawRequest(bytes);
  if (request === undefined) {
    fail(
      bytes === undefined
        ? `${file ?? 'standard input'} cannot be read`
        : 'This is no request: a line such as "POST /flyio/extensions HTTP/1.1", headers, an empty line, the body',
      EXIT_USAGE,
    );
    return;
  }
  const [path = ''] = request.target.split('?');
  const mistakes = diagnoseSignature(request, {
    secrets: config.value.provisioningSecrets,
    others: [{ name: 'the secret of the webhooks', secret: config.value.webhookSecret }],
    url: config.value.publicUrl + path,
    now,
  });
  if (mistakes.length === 0)
    say(
      'The signature holds, and so do timestamp, url and nonce. If it was refused, its nonce had been used.',
    );
  for (const { says } of mistakes) say(says);
  process.exitCode = mistakes.length === 0 ? 0 : 1;
}

function bytesOf(file: string | undefined): Uint8Array | undefined {
  try {
    return readFileSync(file ?? STANDARD_INPUT);
  } catch {
    return undefined;
  }
}
