import { LOCATIONS } from '@hangar/macaroon';
import { type Files, ruleCases, token } from '../world.ts';

const live = token({ days: 30 });
const discharge = token({ days: 30, location: LOCATIONS.authentication });
const oauth = 'fo1_aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC2eF4hJ6kL8nP0r';
const base64 = (text: string) => Buffer.from(text).toString('base64');
const halves = [live.slice(0, 70), live.slice(70)] as const;

ruleCases('HA201', {
  file: 'notes.txt',
  bad: [
    live,
    `Authorization: FlyV1 ${live},${discharge}`,
    { 'config.ts': `const token = '${live}';` },
    { Dockerfile: `FROM scratch\nENV X=${live}` },
    { 'k8s.yaml': `data:\n  token: ${base64(live)}\n` },
    { 'deep.json': JSON.stringify({ a: base64(base64(`x ${live}`)) }) },
    Buffer.from(live).toString('hex'),
    { 'values.yaml': `token: >\n  ${halves[0]}\n  ${halves[1]}\n` },
    { 'run.sh': `export FLY_API_TOKEN="${halves[0]}\\\n${halves[1]}"` },
    { 'page.html': `<a href="https://x.host9.net/?t=${live}">x</a>` },
    `level=info msg="${oauth}"`,
    { 'list.csv': `a,b\n1,${live}\n` },
  ],
  good: [
    'FlyV1 fm2_... is what a token looks like',
    `fm2_${'x'.repeat(120)}`,
    `fo1_${'x'.repeat(43)}`,
    token({ days: -3 }),
    discharge,
    'FLY_API_TOKEN=${{ secrets.FLY_API_TOKEN }}',
    `xfm2_${'aB3dE5gH'.repeat(20)}`,
  ],
});

ruleCases('HA202', {
  file: 'settings.py',
  bad: [
    { 'a.ini': 'key = tsec_aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC2eF4\nid = tid_aB3dE5gH7jK9mN1pQ3sT5' },
    "DB = 'postgres://app:w8Fq2Lx0Rt@db.host9.net:5432/app'",
    `-----BEGIN RSA PRIVATE KEY-----\n${'MIIEpAIBAAKCAQEA'.repeat(4)}\n`,
    "k = 'ghp_aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC2eF4hJ6'",
    "k = 'sk_live_aB3dE5gH7jK9mN1pQ3'",
    "k = 'whsec_aB3dE5gH7jK9mN1pQ3sT5vW7yZ9b'",
    '{"key":"-----BEGIN PRIVATE KEY-----\\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC"}',
  ],
  good: [
    'DB = "postgres://postgres:postgres@localhost:5432/app"',
    'DB = "postgres://user:password@db.host9.net/app"',
    'DB = "postgres://app:${DB_PASSWORD}@db.host9.net/app"',
    '# ANTHROPIC_API_KEY=sk-ant-... and GITHUB_TOKEN=ghp_...',
    "k = 'AKIAIOSFODNN7EXAMPLE'",
    'redis://cache.internal:6379',
    "DB = 'postgres://app:w8Fq2Lx0Rt@postgres:5432/app'",
  ],
});

ruleCases('HA203', {
  file: '.env',
  git: true,
  bad: [
    'API_TOKEN=q7Rv0pX2mLw9sKd4',
    { '.env.production': 'export DB_PASSWORD="q7Rv0pX2mLw9"' },
    { 'services/api/.env': "SECRET_KEY='q7Rv0pX2mLw9sKd4'" },
    { 'prod.env': 'STRIPE_SECRET_KEY=q7Rv0pX2mLw9' },
    `ANYTHING=${live}`,
    'KEY="two\nlines"\nSESSION_SECRET=q7Rv0pX2mLw9 # of last year',
  ],
  severity: 'high',
  good: [
    { '.env.example': 'API_TOKEN=q7Rv0pX2mLw9sKd4' },
    { '.env.sample': 'DB_PASSWORD=q7Rv0pX2mLw9' },
    'NEXT_PUBLIC_URL=https://heron.example.com',
    { 'readme.txt': 'API_TOKEN=q7Rv0pX2mLw9sKd4' },
    'API_TOKEN=',
  ],
});

const copied = (more: Files, dockerfile = 'FROM node:22\nCOPY . .\n'): Files => ({
  Dockerfile: dockerfile,
  ...more,
});
ruleCases('HA204', {
  bad: [
    copied({ '.env': 'A=1' }),
    copied({ 'certs/server.pem': 'x', '.dockerignore': 'node_modules\n' }),
    copied({ '.env.local': 'A=1', '.dockerignore': '.env\n' }),
    copied({ id_rsa: 'x', '.dockerignore': '*\n!id_rsa\n' }, 'FROM node:22\nADD ./ /app/\n'),
    { 'api/Dockerfile': 'FROM go\nCOPY . /src', 'api/.env': 'A=1', '.dockerignore': '.env' },
  ],
  good: [
    copied({ '.env': 'A=1', '.dockerignore': '.env*\n' }),
    copied({ '.env.example': 'A=' }),
    copied({ '.env': 'A=1' }, 'FROM node:22\nCOPY src/ ./src/\n'),
    copied({ 'ca.pem': 'x' }),
    copied({ 'a/b/key.pem': 'x', '.dockerignore': '**/*.pem\n' }),
    copied({ '.env': 'A=1' }, 'FROM a AS b\nFROM node:22\nCOPY --from=b . .\n'),
  ],
});

const wireGuardKey = 'aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC2eF4hJ6kL8nP0r=';
ruleCases('HA205', {
  file: 'fly.conf',
  bad: [
    `[Interface]\nPrivateKey = ${wireGuardKey}\n`,
    { 'wg0.conf': `[Interface]\nPrivateKey=${wireGuardKey}` },
    { 'vpn/peer.txt': `PrivateKey = ${wireGuardKey}` },
    { 'ci.yml': `conf: |\n  [Interface]\n  PrivateKey = ${wireGuardKey}\n` },
    { 'setup.sh': `cat > wg.conf <<E\nPrivateKey = ${wireGuardKey}\nE` },
  ],
  good: [
    '[Interface]\nPrivateKey = <your key>\n',
    `[Peer]\nPublicKey = ${wireGuardKey}\n`,
    '[Interface]\nPrivateKey = ${WG_KEY}\n',
    `PrivateKey = ${'A'.repeat(43)}=`,
    '[Interface]\nAddress = fdaa:0:1::2/120\n',
  ],
});

const wide = token({ days: 30, app: false });
ruleCases('HA206', {
  file: 'a.txt',
  bad: [wide, `FlyV1 ${wide}`, { 'a.json': `{"t":"${wide}"}` }, base64(wide), { '.env': `T=${wide}` }],
  good: [live, token({ days: -1, app: false }), discharge, 'fm2_none', oauth],
});

ruleCases('HA207', {
  file: 'deploy.sh',
  bad: [
    token({ days: 400 }),
    token({}),
    'fly tokens create deploy -x 999999h',
    'flyctl tokens create org --expiry=8760h',
    'fly tokens create deploy -a heron',
    { '.github/workflows/d.yml': 'on: push\n# fly tokens create deploy -x 999999h\njobs: {}\n' },
    { 'README.md': '`fly tokens create deploy -x 17520h -a heron`' },
  ],
  severity: 'medium',
  good: [
    live,
    'fly tokens create deploy -a heron -x 720h',
    'fly tokens create deploy --expiry 2160h',
    'fly tokens list',
    { 'README.md': 'Run `fly tokens create deploy -a heron`.' },
    'fly tokens create deploy -x "$LIFETIME"',
  ],
});

ruleCases('HA208', {
  file: 'a.txt',
  bad: [
    token({ days: -1 }),
    discharge,
    `FlyV1 ${token({ days: -200 })}`,
    { 'a.env': `T=${token({ days: -1 })}` },
    base64(discharge),
  ],
  good: [live, wide, `${live},${discharge}`, 'fm2_', token({})],
});

ruleCases('HA501', {
  file: 'deploy.sh',
  bad: [
    'export FLY_API_TOKEN=$(fly auth token)',
    'flyctl auth token | pbcopy',
    { Makefile: 'deploy:\n\tFLY_API_TOKEN=`fly auth token` fly deploy\n' },
    { 'package.json': '{"scripts":{"token":"fly auth token"}}' },
    { Procfile: 'web: fly auth token' },
  ],
  good: [
    'fly deploy',
    '# fly auth token',
    'fly auth login',
    { Makefile: 'deploy:\n\tfly deploy\n' },
    { 'README.md': '`fly auth token`' },
  ],
});
