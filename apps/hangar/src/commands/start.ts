import { HangarError } from '@hangar/security';
import { readConfig, type Config } from '../config.ts';
import { answersAt, keepRunning } from '../processes.ts';
import { runHangar } from '../running.ts';
import { simulatorArguments, simulatorScript, simulatorSettings } from '../simulator-process.ts';
import { failConfiguration, say } from '../terminal.ts';
import { untilSignal } from './until-signal.ts';

/** `hangar start`: a simulated Fly.io in a process of its own, and Hangar beside it. */
export async function start(): Promise<void> {
  const config = readConfig();
  if (!config.ok) {
    failConfiguration(config.reason);
    return;
  }
  if (config.value.fly === 'real') {
    await untilSignal(() => runHangar(config.value));
    return;
  }
  const { value } = config;
  let simulator: { stop(): Promise<void> } | undefined;
  // Hangar calls back once folder and ports are its own.
  const startPlatform = async (): Promise<void> => {
    simulator = await startSimulator(value);
  };
  const running = await untilSignal(() => runHangar(value, startPlatform));
  if (running === undefined) await simulator?.stop();
  else say(welcome(value, running.engine));
}

async function startSimulator(config: Config): Promise<{ stop(): Promise<void> }> {
  try {
    return await keepRunning({
      script: simulatorScript(),
      args: simulatorArguments(`${config.dataDir.replace(/\/+$/, '')}.simulator.json`),
      environment: {},
      input: simulatorSettings({
        port: config.simulatorPort,
        publicUrl: config.publicUrl,
        providerSlug: config.providerSlug,
        oauthClientId: config.oauthClientId,
        flyOrg: config.flyOrg,
        secrets: {
          HANGAR_PROVISIONING_SECRET: config.provisioningSecrets[0]?.reveal() ?? '',
          HANGAR_WEBHOOK_SECRET: config.webhookSecret.reveal(),
          HANGAR_OAUTH_CLIENT_SECRET: config.oauthClientSecret.reveal(),
          FLY_API_TOKEN: config.flyApiToken.reveal(),
          FLY_TIGRIS_ACCESS_KEY_ID: config.tigrisAccessKeyId,
          FLY_TIGRIS_SECRET_ACCESS_KEY: config.tigrisSecretAccessKey.reveal(),
        },
      }),
      isReady: answersAt(`http://127.0.0.1:${config.simulatorPort}/_fly/clock`),
      onLine: (line) => process.stderr.write(`simulator: ${line}\n`),
    });
  } catch (error) {
    throw new HangarError('config_invalid', {
      public:
        `The simulated Fly.io does not start on port ${config.simulatorPort} and the three after it. Stop what uses them, or set HANGAR_SIMULATOR_PORT. ${error instanceof Error ? error.message : ''}`.trim(),
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
    `  Gateway             ${config.gatewayUrl}   (a Machines API: FLY_FLAPS_BASE_URL)`,
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
