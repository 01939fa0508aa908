import { HangarError, type Log } from '@hangar/http';
import { redactText } from '@hangar/security';
import type { Closing } from '../house/closing.ts';
import { processEnvironment, readConfig, type Config } from '../config.ts';
import { isPassthrough, type PassthroughConfig, readPassthroughConfig } from '../config/passthrough.ts';
import { runPassthrough } from '../passthrough/run-passthrough.ts';
import { createLog } from '../processes/log.ts';
import { ChildFailedError, keepRunning } from '../processes/keep-running.ts';
import { runHangar } from '../processes/run-hangar.ts';
import { tryPort } from '../http/server.ts';
import {
  SIMULATOR_PORTS,
  simulatorArguments,
  simulatorSaysReady,
  simulatorScript,
  simulatorSettings,
} from '../processes/simulator-process.ts';
import { failConfiguration, say } from '../processes/terminal.ts';
import { untilSignal } from './until-signal.ts';

/** `hangar start`: a simulated Fly.io in a process of its own, and Hangar beside it. */
export async function start(): Promise<void> {
  const environment = processEnvironment();
  if (isPassthrough(environment)) {
    await startPassthrough(environment);
    return;
  }
  const config = readConfig(environment);
  if (!config.ok) {
    failConfiguration(config.reason);
    return;
  }
  if (config.value.fly === 'real') {
    await untilSignal(() => runHangar(config.value));
    return;
  }
  const { value } = config;
  const running = await untilSignal(() =>
    runHangar(value, async (open) => await startSimulator(value, open, createLog(value.logLevel))),
  );
  say(welcome(value, running.engine));
}

/** The same in front of the user-env API. */
async function startPassthrough(environment: Readonly<Record<string, string | undefined>>): Promise<void> {
  const config = readPassthroughConfig(environment);
  if (!config.ok) {
    failConfiguration(config.reason);
    return;
  }
  const { value } = config;
  if (value.fly === 'real') {
    await untilSignal(() => runPassthrough(value));
    return;
  }
  // The simulated Fly.io has a provider on file in any case, so its secrets are generated along.
  const house = readConfig(environment);
  if (!house.ok) {
    failConfiguration(house.reason);
    return;
  }
  await untilSignal(() =>
    runPassthrough(value, async (open) => await startSimulator(house.value, open, createLog(value.logLevel))),
  );
  say(passthroughWelcome(value, house.value));
}

function passthroughWelcome(
  { port, simulatorPort, allowedOrgs }: PassthroughConfig,
  { generated }: Config,
): string {
  return [
    '',
    'Hangar is ready, in passthrough mode.',
    '',
    `  User-env API        http://127.0.0.1:${port}/v1`,
    `  Simulated Fly.io    http://127.0.0.1:${simulatorPort}`,
    `  Organizations       ${allowedOrgs === undefined ? 'that of FLY_APP_NAME' : allowedOrgs.toString()}`,
    '',
    `  A token that the simulated Fly.io takes is FLY_API_TOKEN${generated.names.includes('FLY_API_TOKEN') ? ` in ${generated.file}` : ''}.`,
    '',
  ].join('\n');
}

async function startSimulator(config: Config, open: Closing, log: Log): Promise<void> {
  const state = `${config.dataDir.replace(/\/+$/, '')}.simulator.json`;
  const port = config.simulatorPort;
  for (let offset = 0; offset < SIMULATOR_PORTS; offset += 1) {
    await tryPort({ name: 'simulator', host: '127.0.0.1', port: port + offset });
  }
  const simulator = keepRunning({
    script: simulatorScript(),
    args: simulatorArguments(state),
    environment: {},
    input: simulatorSettings({
      port,
      publicUrl: config.publicUrl,
      providerSlug: config.providerSlug,
      oauthClientId: config.oauthClientId,
      flyOrg: config.flyOrg,
      flyctlNames: config.flyctlNames,
      secrets: {
        HANGAR_PROVISIONING_SECRET: config.provisioningSecrets[0]?.reveal() ?? '',
        HANGAR_WEBHOOK_SECRET: config.webhookSecret.reveal(),
        HANGAR_OAUTH_CLIENT_SECRET: config.oauthClientSecret.reveal(),
        FLY_API_TOKEN: config.flyApiToken.reveal(),
        FLY_TIGRIS_ACCESS_KEY_ID: config.tigrisAccessKeyId,
        FLY_TIGRIS_SECRET_ACCESS_KEY: config.tigrisSecretAccessKey.reveal(),
      },
    }),
    saysReady: simulatorSaysReady,
    onLine: (line, stream) =>
      log[stream === 'stderr' ? 'warn' : 'debug']({ line }, 'the simulated Fly.io says'),
  });
  open.later('simulated Fly.io', () => simulator.stop());
  try {
    await simulator.ready;
  } catch (error) {
    const said = error instanceof ChildFailedError ? error.lastWords.replace(/^hangar-simulator: /, '') : '';
    const remedy = said.includes('EADDRINUSE')
      ? ` Stop what uses ports ${port} to ${port + SIMULATOR_PORTS - 1}, or set HANGAR_SIMULATOR_PORT.`
      : said.includes(state)
        ? ''
        : ` Its state is in ${state}.`;
    throw new HangarError('config_invalid', {
      public: `The simulated Fly.io does not start: ${redactText(said, 1_024)}${remedy}`,
      cause: error,
    });
  }
}

function welcome(config: Config, engine: string): string {
  const fly = `http://127.0.0.1:${config.simulatorPort}`;
  return [
    '',
    'Hangar is ready.',
    '',
    `  Dashboard           ${config.publicUrl}/`,
    `  Provider base URL   ${config.publicUrl}/flyio`,
    `  Gateway             ${config.gatewayUrl}   (a Machines API, and flyctl: FLY_FLAPS_BASE_URL, FLY_API_BASE_URL and FLY_UIEX_BASE_URL)`,
    `  Simulated Fly.io    ${fly}   (control surface: ${fly}/_fly/inventory)`,
    '',
    '  To sign in, buy an extension as a Fly.io customer would, then open the link it answers:',
    `    curl -s -X POST ${fly}/_fly/extensions -H 'content-type: application/json' -d '{"name":"my-envs"}'`,
    `    curl -s ${fly}/_fly/extensions/ID/sso`,
    '',
    engine === 'pglite'
      ? `  Data is in the embedded database under ${config.dataDir}, which is for development: one process, and no promise after a power cut.`
      : '  Data is in the Postgres of DATABASE_URL.',
    ...(config.generated.names.length === 0
      ? []
      : [`  Development secrets were generated in ${config.generated.file}; HANGAR_FLY=real refuses them.`]),
    '',
  ].join('\n');
}
