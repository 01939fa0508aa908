import { WORKSPACE } from './gateway-stage.ts';
import { SCENARIOS, type Line, type Scenario } from './scenarios.ts';

const OPERATORS =
  "the operator's business: an organization here is a workspace, which comes with an extension";
const EXTENSIONS = 'extensions are bought from Fly.io with a login there; a workspace has none';
const TUNNEL = "needs a WireGuard peer, which would be one of the operator's organization";
const PUBLIC = "the policy's default: no public addresses (`network.public_ip`)";
const MANAGED = 'Managed Postgres is not offered through the gateway';
const REGISTRY = 'the gateway is no image registry, and makes no tokens for one';
const CERTIFICATES = 'host names are the business of whoever runs this Hangar; refused in words';
const KEYS = 'secret keys are not offered; refused in words';

/** Why a line cannot work through the gateway, by the words that it begins with. */
const REASONS: readonly (readonly [beginning: string, because: string])[] = [
  ['auth docker', REGISTRY],
  ['orgs create', OPERATORS],
  ['apps move', OPERATORS],
  ['wireguard create', TUNNEL],
  ['apps restart', TUNNEL],
  ['ssh console', TUNNEL],
  ['proxy', TUNNEL],
  ['dig', TUNNEL],
  ['ping', TUNNEL],
  ['mpg', MANAGED],
  ['registry files', REGISTRY],
  ['machine egress-ip allocate', PUBLIC],
  ['ips allocate-v6 -a', PUBLIC],
  ['ips allocate-v4', PUBLIC],
  ['secrets keys', KEYS],
  ['certs', CERTIFICATES],
  ['tokens create litefs-cloud', 'LiteFS Cloud is not offered through the gateway'],
  ['storage create', EXTENSIONS],
  ['storage status', EXTENSIONS],
  ['storage update', EXTENSIONS],
  ['storage dashboard', EXTENSIONS],
  ['storage destroy', EXTENSIONS],
  ['ext sentry create', EXTENSIONS],
  ['redis plans', EXTENSIONS],
];

/** Lines that are not counted and are about extensions would only say the same again. */
const LEFT_OUT = /^(?:ext arcjet|apps create moving)/;

const RELEASE_COMMAND = (command: string): string => `app = "rc"
primary_region = "ams"

[deploy]
  release_command = "${command}"
`;

/** Deployments with a command that runs before them, at a simulator that really runs it. */
export const RELEASE_COMMANDS: Scenario = {
  name: 'gateway-release-command',
  lines: [
    { line: `apps create rc --org ${WORKSPACE}` },
    {
      line: 'deploy --image nginx -a rc --ha=false --yes --dns-checks=false',
      config: RELEASE_COMMAND("sh -c 'sleep 3; exit 3'"),
      because: 'its release command ends with 3',
      says: 'exited with non-zero status of 3',
    },
    { line: 'releases -a rc', says: 'failed' },
    {
      line: 'deploy --image nginx -a rc --ha=false --yes --dns-checks=false',
      config: RELEASE_COMMAND("sh -c 'sleep 3; exit 0'"),
      says: 'completed successfully',
    },
    { line: 'releases -a rc', says: 'complete' },
  ],
};

/** The same lines as a customer of the gateway has them: one organization, which is the workspace, and a token of it. */
export const GATEWAY_SCENARIOS: readonly Scenario[] = SCENARIOS.filter(({ lines }) =>
  lines.some((line) => line.counted !== false),
).map(({ name, lines }) => ({
  name: `gateway-${name}`,
  lines: lines.filter(({ line }) => !LEFT_OUT.test(line)).map(atGateway),
}));

function atGateway({ line: given, input, config, seconds, counted }: Line): Line {
  const line = given
    .replaceAll(/\b(?:operator|high-flyers)\b/g, WORKSPACE)
    // The first one belongs to the environment and ends with it.
    .replace('{address}', '{address2}');
  const because = REASONS.find(([beginning]) => line.startsWith(beginning))?.[1];
  return {
    line,
    ...(because === undefined ? {} : { because }),
    ...(input === undefined ? {} : { input }),
    ...(config === undefined ? {} : { config }),
    ...(seconds === undefined ? {} : { seconds }),
    ...(counted === undefined ? {} : { counted }),
  };
}
