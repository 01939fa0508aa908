import { existsSync } from 'node:fs';
import type { MachineProfile } from '@hangar/gateway';
import { ok, refuse, type Result } from '@hangar/http';
import { Secret } from '@hangar/security';
import { splitList } from './parsers.ts';
import { type ConfigProblem, Reading } from './reading.ts';

/** What the gateway in `passthrough` mode is told: no database, no secrets of a provider. */
export interface PassthroughConfig {
  readonly mode: 'passthrough';
  readonly fly: 'simulator' | 'real';
  readonly host: string;
  readonly port: number;
  /** Networks whose `Fly-Client-IP` is believed. */
  readonly trustedProxies: readonly string[];
  readonly simulatorPort: number;
  readonly tigrisAccessKeyId: string;
  readonly tigrisSecretAccessKey: Secret;
  readonly tigrisBucket: string | undefined;
  /** `*` is every organization; undefined leaves the decision to `appName`. */
  readonly allowedOrgs: readonly string[] | '*' | undefined;
  readonly appName: string | undefined;
  /** Asks for the organization of `appName`, and nothing else. */
  readonly flyApiToken: Secret | undefined;
  /** The Machines API of the machine that we run in, which asks for it where there is no token. */
  readonly machineSocket: string | undefined;
  readonly machineProfile: MachineProfile;
  readonly maxApps: number;
  readonly logLevel: string;
  readonly metricsToken: Secret | undefined;
}

/** Where Fly.io answers inside of a machine; no token is needed there. */
const MACHINE_SOCKET = '/.fly/api';

/** Which of the two gateways is to be served. What is wrong with the word is told by whoever reads the rest. */
export function isPassthrough(environment: Readonly<Record<string, string | undefined>>): boolean {
  return new Reading(environment).given('HANGAR_GATEWAY_MODE') === 'passthrough';
}

/** Reads what `passthrough` needs: the variables of the user-env API are enough. Reports every problem at once. */
export function readPassthroughConfig(
  environment: Readonly<Record<string, string | undefined>>,
  socket = MACHINE_SOCKET,
): Result<PassthroughConfig, readonly ConfigProblem[]> {
  const reading = new Reading(environment);
  // In simulator mode that key is generated, so whoever gives one has it from Tigris.
  const assumed = reading.given('FLY_TIGRIS_SECRET_ACCESS_KEY') === undefined ? 'simulator' : 'real';
  const fly = (reading.given('HANGAR_FLY') ?? assumed) === 'real' ? 'real' : 'simulator';
  if (fly === 'real') {
    reading.require(['FLY_TIGRIS_ACCESS_KEY_ID', 'FLY_TIGRIS_SECRET_ACCESS_KEY']);
    reading.checkForms();
  } else if (reading.problems.length === 0) {
    reading.generateMissing(reading.text('HANGAR_DATA_DIR'));
  }
  const machineSocket = existsSync(socket) ? socket : undefined;
  checkOrganization(reading, fly, machineSocket);
  if (reading.problems.length > 0) return refuse(reading.problems);
  return ok({
    mode: 'passthrough',
    fly,
    host: reading.text('HANGAR_HOST'),
    port: Number(reading.text('PORT')),
    trustedProxies: splitList(reading.given('HANGAR_TRUSTED_PROXIES') ?? ''),
    simulatorPort: Number(reading.text('HANGAR_SIMULATOR_PORT')),
    tigrisAccessKeyId: reading.text('FLY_TIGRIS_ACCESS_KEY_ID'),
    tigrisSecretAccessKey: Secret.of(reading.text('FLY_TIGRIS_SECRET_ACCESS_KEY')),
    tigrisBucket: reading.given('FLY_TIGRIS_BUCKET'),
    allowedOrgs: reading.allowedOrgs(fly),
    appName: reading.given('FLY_APP_NAME'),
    flyApiToken: reading.secret('FLY_API_TOKEN'),
    machineSocket,
    machineProfile: reading.machineProfile(),
    maxApps: Number(reading.text('HANGAR_MAX_APPS')),
    logLevel: reading.text('HANGAR_LOG_LEVEL'),
    metricsToken: reading.secret('HANGAR_METRICS_TOKEN'),
  });
}

/** Without a rule every creation would be refused, and by a caller's token the rule must not be found. */
function checkOrganization(
  reading: Reading,
  fly: 'simulator' | 'real',
  machineSocket: string | undefined,
): void {
  if (reading.allowedOrgs(fly) !== undefined) return;
  if (reading.given('FLY_APP_NAME') === undefined) {
    reading.complain(
      'FLY_ALLOWED_ORGS',
      'is needed: without it the organization of FLY_APP_NAME is allowed, and that is not set either',
    );
  } else if (reading.given('FLY_API_TOKEN') === undefined && machineSocket === undefined) {
    reading.complain(
      'FLY_ALLOWED_ORGS',
      'is needed: the organization of FLY_APP_NAME can only be asked for inside of a machine of Fly.io, or with FLY_API_TOKEN',
    );
  }
}
