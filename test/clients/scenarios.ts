/** One command line of flyctl, in a world that the lines before it have made. */
export interface Line {
  /** With placeholders in braces: the first and second machine of the app, a volume, an address and so on. */
  readonly line: string;
  /** The seeded person who acts; the operator's token when absent. */
  readonly as?: 'gabriella' | 'milo';
  /** Text for its standard input. */
  readonly input?: string;
  /** Why it cannot work here. Absent: it works. */
  readonly because?: string;
  /** What it must say, whether it works or not. */
  readonly says?: string;
  /** One of the 134 lines by which clients are counted; the others are beside them. */
  readonly counted?: false;
  /** The fly.toml that it finds in its folder. */
  readonly config?: string;
  /** A folder of its own with these files. */
  readonly files?: Readonly<Record<string, string>>;
  /** It is asked things, at a terminal. */
  readonly terminal?: true;
  /** Seconds after which it is ended: real DNS is waited for. */
  readonly seconds?: number;
}

/** Lines that share a world, in their order. */
export interface Scenario {
  readonly name: string;
  readonly lines: readonly Line[];
}

const TUNNEL = 'needs a WireGuard tunnel, which an HTTP simulator does not have; refused in words';
const MANAGED = 'flyctl refuses it before any request: managed Postgres takes no plain token';
const REGISTRY = 'there is no image registry';

const REGION = 'flyctl refuses a region that the provider excludes';
const FAILS = 'the provider fails in the middle; its sentence is shown';
const REFUSES = 'the provider refuses it; its sentence is shown';

const FLY_TOML = `app = "web"
primary_region = "ams"

[http_service]
  internal_port = 80
`;

/** What a login shows, and what organizations and apps are. */
const ACCOUNT: Scenario = {
  name: 'account',
  lines: [
    { line: 'version' },
    { line: 'version --json' },
    { line: 'auth token' },
    { line: 'auth docker' },
    { line: 'auth whoami' },
    { line: 'auth whoami --json' },
    { line: 'orgs list' },
    { line: 'orgs list --json' },
    { line: 'orgs show operator' },
    { line: 'orgs create Newcomers', as: 'gabriella' },
    { line: 'apps create one --org operator' },
    { line: 'apps create moving --org high-flyers', as: 'gabriella', counted: false },
    { line: 'apps list' },
    { line: 'apps list --json' },
    { line: 'apps list --org operator' },
    { line: 'apps suspend one' },
    { line: 'apps releases -a one' },
    { line: 'releases -a one' },
    { line: 'apps move moving --org newcomers --yes', as: 'gabriella', because: TUNNEL },
    { line: 'machine run nginx -a one --region ams --name m1', counted: false },
    { line: 'status -a one' },
    { line: 'status -a one --json' },
    { line: 'image show -a one' },
    { line: 'checks list -a one' },
    { line: 'services list -a one' },
    { line: 'incidents list' },
    { line: 'incidents hosts list -a one' },
    { line: 'doctor' },
    { line: 'jobs list' },
    { line: 'settings analytics disable' },
    { line: 'platform vm-sizes' },
    { line: 'platform regions' },
    { line: 'platform regions --json' },
    { line: 'pg list' },
    { line: 'logs --no-tail -a one' },
    { line: 'wireguard list operator' },
    { line: 'wireguard token list operator' },
    { line: 'wireguard create operator ams peer1 peer.conf', because: TUNNEL },
    { line: 'apps restart one', because: TUNNEL },
    { line: 'ssh console -a one', because: TUNNEL },
    { line: 'proxy 8080:80 -a one', because: TUNNEL },
    { line: 'dig -a one one.internal', because: TUNNEL },
    { line: 'ping -a one one.internal', because: TUNNEL },
    { line: 'mpg list --org operator', because: MANAGED },
    { line: 'mpg create --org operator --name db --region ams', because: MANAGED },
    { line: 'registry files -a one', because: REGISTRY },
    { line: 'apps destroy one --yes' },
    { line: 'auth logout', as: 'milo' },
  ],
};

/** Machines, volumes, addresses. */
const MACHINES: Scenario = {
  name: 'machines',
  lines: [
    { line: 'apps create vm --org operator', counted: false },
    { line: 'machine run nginx -a vm --region ams --name m1 -p 80:80/tcp:http' },
    { line: 'machine create nginx -a vm --region ams --name m2' },
    { line: 'machine list -a vm' },
    { line: 'machine list -a vm --json' },
    { line: 'machine list -a vm -q' },
    { line: 'machine status {machine} -a vm' },
    { line: 'machine status {machine} -a vm -d' },
    { line: 'machine stop {machine} -a vm' },
    { line: 'machine start {machine} -a vm' },
    { line: 'machine suspend {machine} -a vm' },
    { line: 'machine start {machine} -a vm', counted: false },
    { line: 'machine restart {machine} -a vm' },
    { line: 'machine update {machine} -a vm --vm-memory 512 --yes' },
    { line: 'machine update {machine} -a vm --env A=1 --skip-health-checks --yes' },
    { line: 'machine clone {machine} -a vm --region fra' },
    { line: 'machine exec {machine} "echo hello" -a vm' },
    { line: 'machine exec {machine} "false" -a vm' },
    { line: 'machine wait {machine} -a vm --state started' },
    { line: 'machine cordon {machine} -a vm' },
    { line: 'machine uncordon {machine} -a vm' },
    { line: 'machine kill {machine} -a vm' },
    { line: 'machine start {machine} -a vm', counted: false },
    { line: 'machine leases view {machine} -a vm --json' },
    { line: 'machine leases clear {machine} -a vm' },
    { line: 'machine place --org operator --region ams --count 1' },
    { line: 'machine egress-ip allocate {machine} -a vm --yes' },
    { line: 'machine egress-ip list -a vm' },
    { line: 'machine destroy {machine2} --force -a vm' },
    { line: 'scale show -a vm' },
    { line: 'volumes create data -a vm --region ams --size 1 --yes' },
    { line: 'volumes list -a vm' },
    { line: 'volumes list -a vm --json' },
    { line: 'volumes extend {volume} -a vm --size 2' },
    { line: 'volumes show {volume} -a vm' },
    { line: 'volumes update {volume} -a vm --snapshot-retention 7' },
    { line: 'volumes fork {volume} -a vm' },
    { line: 'volumes destroy {volume} -a vm --yes' },
    { line: 'ips private -a vm' },
    { line: 'ips allocate-v6 --private -a vm' },
    { line: 'ips allocate-v6 -a vm' },
    { line: 'ips allocate-v4 --yes -a vm' },
    { line: 'ips allocate-v4 --shared -a vm' },
    { line: 'ips list -a vm' },
    { line: 'ips list -a vm --json' },
    { line: 'ips release {address} -a vm' },
  ],
};

/** Secrets, configuration, deployments, certificates. */
const DEPLOY: Scenario = {
  name: 'deploy',
  lines: [
    { line: 'apps create web --org operator', counted: false },
    { line: 'secrets set A=1 B=2 --stage -a web' },
    { line: 'secrets unset B --stage -a web' },
    { line: 'secrets import --stage -a web', input: 'C=3\nD=4\n' },
    { line: 'secrets list -a web' },
    { line: 'secrets list -a web --json' },
    { line: 'config validate -a web', config: FLY_TOML },
    { line: 'deploy --image nginx -a web --ha=false --yes --dns-checks=false', config: FLY_TOML },
    { line: 'config show -a web' },
    { line: 'config env -a web' },
    { line: 'scale count 2 --yes -a web' },
    { line: 'scale memory 512 -a web' },
    { line: 'scale vm shared-cpu-2x -a web' },
    { line: 'secrets set E=5 -a web', seconds: 240 },
    { line: 'secrets deploy -a web', seconds: 240 },
    { line: 'secrets sync -a web' },
    { line: 'secrets keys list -a web' },
    { line: 'secrets keys generate encrypting k1 -a web' },
    { line: 'certs add shop.example.com -a web' },
    { line: 'certs list -a web' },
    { line: 'certs check shop.example.com -a web' },
    { line: 'certs show shop.example.com -a web' },
    { line: 'certs remove shop.example.com --yes -a web' },
    {
      line: 'launch --image nginx --name launched --org operator --region ams --yes --no-deploy',
      counted: false,
    },
  ],
};

/** Tokens and extensions. */
const SHOP: Scenario = {
  name: 'shop',
  lines: [
    { line: 'apps create buyer --org high-flyers', as: 'gabriella', counted: false },
    { line: 'tokens create deploy -a buyer', as: 'gabriella' },
    { line: 'tokens create deploy -a buyer --expiry 1h --json', as: 'gabriella' },
    { line: 'tokens create ssh -a buyer', as: 'gabriella' },
    { line: 'tokens create machine-exec -a buyer', as: 'gabriella' },
    { line: 'tokens create machine-exec -a buyer --command "echo hello"', as: 'gabriella' },
    { line: 'tokens create org --org high-flyers', as: 'gabriella' },
    { line: 'tokens create readonly high-flyers', as: 'gabriella' },
    { line: 'tokens create readonly -o high-flyers', as: 'gabriella' },
    { line: 'tokens create litefs-cloud -c cluster1 -o high-flyers', as: 'gabriella' },
    { line: 'tokens list -a buyer', as: 'gabriella' },
    { line: 'tokens list --scope org -o high-flyers', as: 'gabriella' },
    { line: 'tokens revoke {token}', as: 'gabriella' },
    { line: 'storage create -a buyer -n bucket1 --yes', as: 'gabriella' },
    { line: 'storage list', as: 'gabriella' },
    { line: 'storage status bucket1', as: 'gabriella' },
    { line: 'storage update bucket1 --public --yes', as: 'gabriella' },
    { line: 'storage dashboard bucket1 --yes', as: 'gabriella', counted: false },
    { line: 'storage destroy bucket1 --yes', as: 'gabriella' },
    { line: 'ext sentry create -a buyer --yes', as: 'gabriella' },
    { line: 'ext sentry list', as: 'gabriella' },
    { line: 'ext kubernetes list', as: 'gabriella' },
    { line: 'redis list', as: 'gabriella' },
    { line: 'redis plans', as: 'gabriella' },
    { line: 'ext list', as: 'gabriella' },
    { line: 'ext arcjet create -a buyer --name arc1 --yes', as: 'gabriella', counted: false },
    { line: 'ext arcjet list', as: 'gabriella', counted: false },
    { line: 'ext arcjet dashboard -a buyer --yes', as: 'gabriella', counted: false },
    { line: 'ext arcjet dashboard --org high-flyers --yes', as: 'gabriella', counted: false },
    { line: 'ext arcjet destroy arc1 --yes', as: 'gabriella', counted: false },
  ],
};

/** Extensions that take their time, have plans and regions, change, or fail; terms, and a launch that brings one along. */
const EXTENSION_LINES: readonly Line[] = [
  { line: 'apps create shopper --org high-flyers' },
  { line: 'ext arcjet create -a shopper --name slow-arc --yes' },
  { line: 'ext arcjet status slow-arc' },
  { line: 'ext arcjet list' },
  { line: 'ext arcjet dashboard slow-arc --yes' },
  { line: 'ext arcjet destroy slow-arc --yes' },
  { line: 'apps create broken-shop --org high-flyers' },
  { line: 'ext sentry create -a broken-shop --yes', because: FAILS },
  { line: 'redis plans' },
  {
    line: 'redis create --name cache1 --org high-flyers --region ams --plan Small --no-replicas --disable-eviction --enable-prodpack=false',
  },
  {
    line: 'redis create --name cache2 --org high-flyers --region ams --replica-regions fra,cdg --plan Large --enable-eviction --enable-prodpack=false',
  },
  {
    line: 'redis create --name cache3 --org high-flyers --region jnb --plan Small --no-replicas --disable-eviction --enable-prodpack=false',
    because: REGION,
  },
  { line: 'redis status cache2' },
  { line: 'redis list' },
  { line: 'redis destroy cache1 --yes' },
  { line: 'storage create -o high-flyers -n files1 --yes' },
  { line: 'storage update files1 --public --yes' },
  { line: 'storage update files1 --private --yes' },
  { line: 'storage update files1 --custom-domain shop.example.com --yes', because: REFUSES },
  { line: 'storage status files1' },
  {
    line: 'launch --name launched --org high-flyers --region ams --yes --no-deploy --ha=false',
    files: { 'requirements.txt': 'flask==3.0.0\nboto3==1.34.0\n', 'app.py': 'import flask\n' },
  },
  { line: 'storage list' },
  { line: 'ext arcjet create -a launched --name agreed', terminal: true, input: 'y\r' },
  // Nobody is asked twice, so this works without a terminal.
  { line: 'ext arcjet create -a shopper --name second-arc' },
];
const EXTENSIONS: Scenario = {
  name: 'extensions',
  lines: EXTENSION_LINES.map((line) => ({ ...line, as: 'gabriella', counted: false })),
};

/** Everything that is run and replayed. */
export const SCENARIOS: readonly Scenario[] = [ACCOUNT, MACHINES, DEPLOY, SHOP, EXTENSIONS];
