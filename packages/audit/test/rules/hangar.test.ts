import { ruleCases } from '../world.ts';

const file = '.env';
const long = 'f3a9c1d07b5e48a2f3a9c1d07b5e48a2f3a9c1d0';
const other = 'b7e2d4c6a8f01395b7e2d4c6a8f01395b7e2d4c6';
const real = 'HANGAR_FLY=real\n';

ruleCases('HA601', {
  file,
  bad: [
    'HANGAR_PROVISIONING_SECRET=short-but-mine',
    'HANGAR_WEBHOOK_SECRET=changeme',
    `HANGAR_PROVISIONING_SECRET=${long}\nHANGAR_WEBHOOK_SECRET=${long}`,
    { 'fly.toml': '[env]\nHANGAR_WEBHOOK_SECRET = "secret"' },
    `HANGAR_PROVISIONING_SECRET=${long},old-one`,
  ],
  good: [
    `HANGAR_PROVISIONING_SECRET=${long}\nHANGAR_WEBHOOK_SECRET=${other}`,
    'HANGAR_PROVISIONING_SECRET=${SECRET}',
    'HANGAR_PROVISIONING_SECRET=',
    'WEBHOOK_SECRET=short',
    `HANGAR_PROVISIONING_SECRET=${long},${other}`,
  ],
});

ruleCases('HA602', {
  file,
  bad: [
    'HANGAR_HOST=::\nFLY_ALLOWED_ORGS=*',
    'HANGAR_HOST=::\nFLY_ALLOWED_ORGS=acme, *',
    real,
    { 'fly.toml': '[env]\nHANGAR_FLY = "real"\nFLY_ALLOWED_ORGS = "*"' },
    { 'prod.env': `${real}HANGAR_HOST=::` },
  ],
  good: [
    `${real}FLY_ALLOWED_ORGS=acme`,
    `${real}FLY_APP_NAME=heron`,
    { 'fly.toml': '[env]\nHANGAR_FLY = "real"' },
    'FLY_ALLOWED_ORGS=*',
    'HANGAR_FLY=simulator',
  ],
});

const fly = (env: string, more = '') => ({ 'fly.toml': `app = "heron"\n[env]\n${env}\n${more}` });
ruleCases('HA603', {
  file,
  bad: [
    `${real}HANGAR_ALLOW_EMBEDDED_DATABASE=true`,
    fly('HANGAR_FLY = "real"\nHANGAR_ALLOW_EMBEDDED_DATABASE = true'),
    fly('HANGAR_DATA_DIR = "/data"', '[http_service]\ninternal_port = 4600\nmin_machines_running = 2'),
    { 'fly.yaml': 'env:\n  HANGAR_FLY: real\n  HANGAR_ALLOW_EMBEDDED_DATABASE: "true"\n' },
    fly('HANGAR_DATA_DIR = "/data"', '[[vm]]\ncount = 3'),
  ],
  good: [
    `${real}DATABASE_URL=\${DB}`,
    'HANGAR_ALLOW_EMBEDDED_DATABASE=true',
    fly('HANGAR_DATA_DIR = "/data"', '[http_service]\ninternal_port = 4600\nmin_machines_running = 1'),
    `${real}HANGAR_ALLOW_EMBEDDED_DATABASE=false`,
    fly('HANGAR_DATA_DIR = "/data"'),
  ],
});

const database = (url: string) => `HANGAR_HOST=::\nDATABASE_URL=${url}`;
ruleCases('HA604', {
  file,
  bad: [
    database('postgres://postgres:x@db.internal/hangar'),
    database('postgresql://flypgadmin:x@db.host9.net/hangar?sslmode=verify-full'),
    database('postgres://hangar:x@db.host9.net/hangar'),
    database('postgres://hangar:x@db.host9.net/hangar?sslmode=prefer'),
    fly('HANGAR_HOST = "::"\nDATABASE_URL = "postgres://root@db.internal/x"'),
  ],
  good: [
    database('postgres://hangar:x@db.host9.net/hangar?sslmode=verify-full'),
    database('postgres://hangar:x@db.internal/hangar'),
    database('postgres://hangar:x@127.0.0.1/hangar'),
    database('${DB}'),
    'DATABASE_URL=postgres://postgres:x@db.host9.net/x',
  ],
});

ruleCases('HA605', {
  file,
  bad: [
    `${real}HANGAR_PUBLIC_URL=http://hangar.example.com`,
    `${real}HANGAR_GATEWAY_URL=http://api.example.com`,
    fly('HANGAR_PUBLIC_URL = "https://other.fly.dev"'),
    { 'fly.json': '{"app":"heron","env":{"HANGAR_GATEWAY_URL":"https://egret.fly.dev"}}' },
    fly('HANGAR_FLY = "real"\nHANGAR_PUBLIC_URL = "http://heron.fly.dev"'),
  ],
  good: [
    `${real}HANGAR_PUBLIC_URL=https://hangar.example.com`,
    fly('HANGAR_PUBLIC_URL = "https://heron.fly.dev"'),
    'HANGAR_PUBLIC_URL=http://127.0.0.1:4600',
    `${real}HANGAR_PUBLIC_URL=\${URL}`,
    `${real}HANGAR_PUBLIC_URL=http://hangar.internal`,
  ],
});
