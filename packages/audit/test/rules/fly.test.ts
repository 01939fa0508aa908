import { ruleCases, token } from '../world.ts';

const app = "app = 'heron'\n";
const web = (more: string) => `${app}[http_service]\ninternal_port = 8080\nforce_https = true\n${more}`;
const secret = 'q7Rv0pX2mLw9sKd4';

ruleCases('HA101', {
  bad: [
    `${app}[env]\nRELEASE_COOKIE = "${secret}"`,
    `${app}[ENV]\nSTRIPE_SECRET_KEY = "${secret}"`,
    `${app}[[env]]\nDATABASE_URL = "postgres://app:${secret}@db.host9.net/app"`,
    `${app}env = { google_clientSecret = '${secret}' }`,
    `${app}[[files]]\nguest_path = "/etc/token"\nraw_value = "${secret}"`,
    { 'fly.json': `{"app":"heron","env":{"MAIL__SMTP_PASSWORD":"${secret}"}}` },
    { 'deploy/fly.production.yaml': `app: heron\nenv:\n  UPLOAD_SIGNING_KEY: ${secret}\n` },
    `${app}[env]\nHARMLESS = "${token({ days: 30 })}"`,
  ],
  good: [
    `${app}[env]\nDATABASE_URL = "sqlite:///data/app.db"\nREDIS_URL = "redis://cache.internal:6379"`,
    `${app}[env]\nMAX_OUTPUT_TOKENS = 4096\nAUTH_ISSUER = "https://id.example.com"\nAGENT_AUTH_ENABLED = 0`,
    `${app}[env]\nStripeSettings__PublishableKey = "pk_test_51NotARealKeyAtAllReally"`,
    `${app}[env]\nAPI_TOKEN = "\${API_TOKEN}"\nGoogle__ClientId = "1234-abcdef.apps.example"`,
    `${app}[env]\nX402_PAY_TO = "0x${'1a2b3c4d5e'.repeat(4)}"\nTLS_KEY_FILE = "/data/tls.key"`,
    `${app}# [env]\n# API_TOKEN = "${secret}"`,
  ],
});

ruleCases('HA102', {
  bad: [
    `${app}[build.args]\nNPM_TOKEN = "${secret}"`,
    `${app}[build]\nargs = { SENTRY_AUTH_TOKEN = "${secret}" }`,
    { 'fly.json': `{"build":{"args":{"HEX_API_KEY":"${secret}"}}}` },
    { 'fly.yaml': `build:\n  args:\n    DB_PASSWORD: ${secret}\n` },
    `${app}[build.args]\nURL = "mysql://root:${secret}@db.host9.net/app"`,
  ],
  good: [
    `${app}[build.args]\nNODE_VERSION = "22.1.0"`,
    `${app}[build.args]\nNPM_TOKEN = "\${NPM_TOKEN}"`,
    `${app}[build.args]\nNPM_TOKEN = ""`,
    `${app}[build]\ndockerfile = "Dockerfile"`,
    `${app}[env]\nNODE_ENV = "production"`,
  ],
});

ruleCases('HA103', {
  bad: [
    `${app}[env]\nACCESS_TOKEN = ""`,
    `${app}[env]\nADMIN_PASSWORD = "{YOUR_PASSWORD}"`,
    `${app}[env]\nDATADOG_API_KEY = "<insert key>"`,
    `${app}[build.args]\nNEXTAUTH_SECRET = "your-secret-here"`,
    { 'fly.yaml': 'env:\n  SESSION_SECRET: changeme\n' },
  ],
  good: [
    `${app}[env]\nEMPTY = ""`,
    `${app}[env]\nPUBLIC_KEY = ""`,
    `${app}[env]\nTOKEN_TTL = "60"`,
    `${app}[env]\nACCESS_TOKEN = "\${ACCESS_TOKEN}"`,
    `${app}[env]\nPASSWORD_FILE = ""`,
  ],
});

ruleCases('HA110', {
  bad: [
    `${app}[http_service]\ninternal_port = 8080`,
    `${app}[http_service]\ninternal_port = 8080\nforce_https = false`,
    `${app}[HTTP_SERVICE]\nInternal_Port = 8080`,
    { 'fly.json': '{"http_service":{"internal_port":8080}}' },
    { 'fly.us.yaml': 'http_service:\n  internal_port: 8080\n  force_https: no\n' },
    `http_service = { internal_port = 80 }`,
  ],
  good: [
    web(''),
    { 'fly.json': '{"http_service":{"internal_port":8080,"force_https":true}}' },
    `${app}[http_service]\ninternal_port = 8_080\nForce_Https = true`,
    `${app}[[services]]\ninternal_port = 8080`,
    app,
    'x = """\n[http_service]\n"""',
  ],
});

ruleCases('HA111', {
  bad: [
    `${app}[[services]]\ninternal_port = 8080\n[[services.ports]]\nport = 80\nhandlers = ["http"]`,
    `${app}[[services]]\ninternal_port = 8080\n[[services.ports]]\nport = "80"\nhandlers = ["http"]\nforce_https = false`,
    `${app}[services]\ninternal_port = 8080\nports = [{ port = 443, handlers = ["http"] }]`,
    {
      'fly.json':
        '{"services":[{"internal_port":1,"ports":[{"start_port":8000,"end_port":8010,"handlers":["HTTP"]}]}]}',
    },
    {
      'fly.yaml': 'services:\n  - internal_port: 1\n    ports:\n      - port: 80\n        handlers: [http]\n',
    },
  ],
  good: [
    `${app}[[services]]\ninternal_port = 8080\n[[services.ports]]\nport = 80\nhandlers = ["http"]\nforce_https = true`,
    `${app}[[services]]\ninternal_port = 8080\n[[services.ports]]\nport = 443\nhandlers = ["tls", "http"]`,
    `${app}[[services]]\ninternal_port = 8080`,
    `${app}[[services]]\ninternal_port = 443\nprotocol = "udp"\n[[services.ports]]\nport = 443`,
    `${app}services = []`,
  ],
});

const tls = (versions: string) => web(`[http_service.tls_options]\nversions = ${versions}`);
ruleCases('HA112', {
  bad: [
    tls('["TLSv1.1", "TLSv1.2"]'),
    tls('["TLSv1.0"]'),
    tls('["TLSv1"]'),
    `${app}[[services]]\ninternal_port = 1\n[[services.ports]]\nport = 443\nhandlers = ["tls"]\ntls_options = { versions = ["TLSv1.1"] }`,
    { 'fly.json': '{"http_service":{"force_https":true,"tls_options":{"versions":["SSLv3"]}}}' },
  ],
  good: [
    tls('["TLSv1.2", "TLSv1.3"]'),
    tls('["TLSv1.3"]'),
    tls('[]'),
    web(''),
    web('[http_service.tls_options]\nalpn = ["h2"]'),
  ],
});

ruleCases('HA113', {
  bad: [
    web('[[http_service.checks]]\nprotocol = "https"\ntls_skip_verify = true'),
    `${app}[[services]]\ninternal_port = 1\n[[services.http_checks]]\ntls_skip_verify = true`,
    `${app}[checks.alive]\ntype = "http"\ntls_skip_verify = true`,
    `${app}[[checks]]\nname = "a"\ntls_skip_verify = true`,
    { 'fly.yaml': 'checks:\n  a:\n    tls_skip_verify: true\n' },
  ],
  good: [
    web('[[http_service.checks]]\ntls_skip_verify = false'),
    web('[[http_service.checks]]\ntls_server_name = "heron.example.com"'),
    web(''),
    `${app}[checks.alive]\ntype = "tcp"\nport = 1`,
    `${app}# tls_skip_verify = true`,
  ],
});

const service = (inside: number, port: string) =>
  `${app}[[services]]\ninternal_port = ${inside}\n[[services.ports]]\n${port}`;
ruleCases('HA120', {
  bad: [
    service(5432, 'port = 5432\nhandlers = ["pg_tls"]'),
    service(6379, 'port = 10000'),
    `${app}[http_service]\ninternal_port = 2379\nforce_https = true`,
    service(8080, 'start_port = 27000\nend_port = 27100'),
    service(9000, 'port = 9000'),
    { 'fly.yaml': 'services:\n  - internal_port: "4222"\n    ports:\n      - port: 4222\n' },
  ],
  good: [
    `${app}[[services]]\ninternal_port = 3306`,
    `${app}[http_service]\ninternal_port = 9000\nforce_https = true`,
    service(8080, 'port = 443\nhandlers = ["tls", "http"]'),
    `${app}# [[services]]\n# internal_port = 6379`,
    service(8080, 'port = 5432\nhandlers = ["tls", "http"]'),
  ],
});

ruleCases('HA121', {
  bad: [
    service(35354, 'port = 35354'),
    service(35354, 'port = 35354\nhandlers = []'),
    service(7777, 'start_port = 7000\nend_port = 7010'),
    { 'fly.json': '{"services":[{"internal_port":1,"protocol":"tcp","ports":[{"port":"10001"}]}]}' },
    { 'fly.yaml': 'services:\n  internal_port: 1\n  ports:\n    - port: 992\n' },
  ],
  good: [
    service(8080, 'port = 443\nhandlers = ["tls"]'),
    service(53, 'port = 53'),
    `${app}[[services]]\ninternal_port = 5000\nprotocol = "udp"\n[[services.ports]]\nport = 5000`,
    `${app}[[services]]\ninternal_port = 5000`,
    service(5000, 'port = 5000\nprotocol = "udp"'),
  ],
});

const metrics = (port: string) => service(9090, `port = ${port}\nhandlers = ["http"]\nforce_https = true`);
ruleCases('HA122', {
  bad: [
    `${metrics('80')}\n[metrics]\nport = 80\npath = "/metrics"`,
    `${metrics('9091')}\n[[metrics]]\nport = 9091`,
    `${metrics('"9091"')}\n[metrics]\nport = 9091`,
    { 'fly.json': '{"services":[{"internal_port":80,"ports":[{"port":443}]}],"metrics":{"port":443}}' },
    {
      'fly.yaml':
        'services:\n  - internal_port: 1\n    ports:\n      - port: 2112\nmetrics:\n  - port: 2112\n',
    },
  ],
  severity: 'medium',
  good: [
    `${metrics('80')}\n[metrics]\nport = 9191`,
    `${app}[[services]]\ninternal_port = 9091\n[metrics]\nport = 9091`,
    web('[metrics]\nport = 9091'),
    web('[metrics]\nport = 8080'),
    `${metrics('80')}\n[metrics]\npath = "/metrics"`,
  ],
});

ruleCases('HA130', {
  bad: [
    web(''),
    service(8080, 'port = 443\nhandlers = ["tls", "http"]'),
    `${web('[[http_service.checks]]\npath = "/"\n')}[[services]]\ninternal_port = 1\nports = [{ port = 2 }]`,
    { 'fly.json': '{"http_service":{"internal_port":1}}' },
    web('[checks]'),
  ],
  good: [
    web('[[http_service.checks]]\npath = "/up"'),
    web('[checks.alive]\ntype = "tcp"\nport = 8080'),
    `${app}[[services]]\ninternal_port = 1\n[[services.tcp_checks]]\ninterval = "10s"\n[[services.ports]]\nport = 2`,
    app,
    web('[[http_service.machine_checks]]\nimage = "x"'),
  ],
});

const mount = (more: string) => `${app}[mounts]\nsource = "data"\ndestination = "/data"\n${more}`;
ruleCases('HA131', {
  bad: [
    mount('scheduled_snapshots = false'),
    mount('snapshot_retention = 1'),
    `${app}[mount]\nsource = "d"\nsnapshot_retention = 4`,
    `${app}[[mounts]]\nsource = "d"\nscheduled_snapshots = false`,
    { 'fly.yaml': 'mounts:\n  - source: d\n    snapshot_retention: 2\n' },
  ],
  good: [
    mount(''),
    mount('snapshot_retention = 5'),
    mount('scheduled_snapshots = true'),
    app,
    `${app}mounts = []`,
  ],
});

ruleCases('HA132', {
  bad: [
    `${app}[experimental]\nauto_rollback = false`,
    { 'fly.production.toml': `${app}[deploy]\nstrategy = "immediate"` },
    { 'prod/fly.toml': `${app}[deploy]\nstrategy = "immediate"` },
    { 'fly.json': '{"experimental":{"auto_rollback":false}}' },
    { 'fly.prod.yaml': 'deploy:\n  strategy: immediate\n' },
  ],
  good: [
    `${app}[deploy]\nstrategy = "immediate"`,
    { 'fly.production.toml': `${app}[deploy]\nstrategy = "bluegreen"` },
    `${app}[experimental]\nauto_rollback = true`,
    app,
    `${app}[experimental]\ncmd = "auto_rollback = false"`,
  ],
});

const image = (name: string) => `${app}[build]\nimage = "${name}"`;
ruleCases('HA133', {
  bad: [
    image('redis'),
    image('ghcr.io/acme/web:latest'),
    image('acme/web:dev'),
    { 'fly.json': '{"build":{"image":"nginx:alpine"}}' },
    { 'fly.yaml': 'build:\n  image: registry.host9.net:5000/web\n' },
  ],
  severity: 'medium',
  good: [
    image(`redis:7.2@sha256:${'ab'.repeat(32)}`),
    image('redis:7.2.4'),
    image('registry.fly.io/heron:deployment-01'),
    image('%DOCKER_IMAGE%'),
    image('heron:latest'),
    `${app}[build]\ndockerfile = "Dockerfile"`,
  ],
});

ruleCases('HA104', {
  bad: [
    `${app}[env]\nHOSTS = ["a", "b"]`,
    `${app}[env.LIMITS]\nA = 1`,
    { 'fly.json': '{"env":{"MAX_BYTES":12345678}}' },
    `${app}[env]\nBIG = 12345678.5`,
    { 'fly.yaml': 'env:\n  LIST: [1, 2]\n' },
  ],
  good: [
    `${app}[env]\nPORT = 8080\nDEBUG = true`,
    `${app}[env]\nMAX_BYTES = 12345678`,
    { 'fly.json': '{"env":{"MAX_BYTES":"12345678","A":1000}}' },
    `${app}[[env]]\nA = "x"`,
    `${app}[env]\nHOSTS = "a,b"`,
  ],
});

ruleCases('HA134', {
  severity: 'high',
  bad: [
    `${app}[deploy]\nwait_timeout = 300`,
    web('[[http_service.checks]]\ninterval = 10000'),
    `${app}[[services]]\ninternal_port = 1\n[[services.tcp_checks]]\ninterval = 10`,
    `${app}[checks.alive]\ntimeout = 5`,
    { 'fly.json': '{"deploy":{"release_command_timeout":600}}' },
    { 'fly.yaml': 'http_service:\n  checks:\n    - grace_period: 30\n' },
  ],
  good: [
    `${app}[deploy]\nwait_timeout = "5m"`,
    `${app}kill_timeout = 30`,
    `${app}[[services]]\ninternal_port = 1\n[[services.tcp_checks]]\ninterval = 10000`,
    web('[[http_service.checks]]\ninterval = "10s"'),
    `${app}[checks.alive]\ntimeout = "5s"`,
  ],
});

ruleCases('HA135', {
  bad: [
    `${app}[ENV]\nA = "x"`,
    `${app}Kill_Timeout = 30`,
    `${app}[[Services]]\ninternal_port = 1`,
    { 'fly.json': '{"Http_Service":{}}' },
    { 'fly.yaml': 'VM:\n  size: x\n' },
  ],
  good: [
    `${app}[env]\nUPPER = "x"`,
    `App = 'heron'`,
    web(''),
    `${app}[processes]\nWEB = "x"`,
    `${app}# [ENV]`,
  ],
});
