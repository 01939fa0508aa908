// nginx and the bare programs of Node that the gateway is held against. Imported by gateway.bench.mjs, no benchmark itself.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../scripts/embedded-postgres.mjs';

/** Starts a script of this folder that says a line once it listens. `closers` are told how to end it. */
export async function startScript(name, args, closers, environment = {}) {
  const script = fileURLToPath(new URL(name, import.meta.url));
  const child = spawn(process.execPath, [script, ...args.map(String)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...environment },
  });
  closers.push(async () => void child.kill());
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return child;
}

/** What Node itself costs: every byte passed on, nothing looked at. */
export async function startBareProxy(upstream, operator, closers) {
  const port = await freePort();
  const child = await startScript('bare-proxy.mjs', [port, upstream], closers, { OPERATOR_TOKEN: operator });
  return { pid: child.pid, url: `http://127.0.0.1:${port}` };
}

/** What an answer of Node costs that is always the same. */
export async function startBareRefusal(closers) {
  const port = await freePort();
  const child = await startScript('bare-refusal.mjs', [port], closers);
  return { pid: child.pid, url: `http://127.0.0.1:${port}` };
}

/** One worker that passes on; undefined where nginx is not installed. */
export async function startNginx(folder, upstream, operator, closers) {
  if (spawnSync('nginx', ['-v']).error) return undefined;
  const port = await freePort();
  const prefix = mkdtempSync(join(folder, 'nginx-'));
  mkdirSync(join(prefix, 'temporary'));
  writeFileSync(
    join(prefix, 'nginx.conf'),
    `daemon off; master_process off; worker_processes 1; worker_rlimit_nofile 8192; pid ${prefix}/pid; error_log ${prefix}/error.log;
events { worker_connections 4096; }
http {
  access_log off; client_body_temp_path ${prefix}/a; proxy_temp_path ${prefix}/b; fastcgi_temp_path ${prefix}/c;
  uwsgi_temp_path ${prefix}/d; scgi_temp_path ${prefix}/e; keepalive_requests 1000000; proxy_max_temp_file_size 0;
  upstream machines { server ${new URL(upstream).host}; keepalive 64; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://machines; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Authorization "Bearer ${operator}";
    }
  }
}
`,
  );
  const child = spawn('nginx', ['-p', prefix, '-c', join(prefix, 'nginx.conf')], { stdio: 'inherit' });
  closers.push(async () => void child.kill());
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; tries < 50; tries += 1) {
    const there = await fetch(url).catch(() => undefined);
    if (there) return { pid: child.pid, url };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('nginx does not answer');
}

/** What /proc counts in. */
const TICKS_PER_SECOND = 100;

/** Processor time of a process so far, in microseconds. */
export function cpuOf(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const micros = (ticks) => (Number(ticks) / TICKS_PER_SECOND) * 1_000_000;
  return { user: micros(fields[11]), system: micros(fields[12]) };
}

/** Resident memory of a process, in MB of a million bytes. */
export function residentMb(pid) {
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return (Number(kib) * 1024) / 1_000_000;
}
