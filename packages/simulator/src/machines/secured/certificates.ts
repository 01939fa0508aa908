import { X509Certificate, createPrivateKey } from 'node:crypto';
import type { Simulation } from '../../simulation.ts';
import type { App, Certificate } from '../../world/platform.ts';
import { textOf } from '../request/body.ts';
import { Refusal } from '../request/refusal.ts';
import type { JsonObject } from '../../world/json.ts';

const HOSTNAME = /^(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/;
const LONGEST_HOSTNAME = 253;

/** The host names of an app, oldest first. */
export function certificatesOf({ world }: Simulation, app: App): Certificate[] {
  return [...world.certificates.values()].filter((one) => one.app === app.name);
}

/** The certificate of that host. 404 when the app has none. */
export function certificateOf({ world }: Simulation, app: App, hostname: string): Certificate {
  const found = world.certificates.get(placeOf(app, hostname));
  if (!found) throw new Refusal(404, `certificate for ${hostname} not found`);
  return found;
}

/** `POST …/certificates/acme`: the platform is to get a certificate, once the names of the internet lead here. */
export function requestCertificate(simulation: Simulation, app: App, body: JsonObject): Certificate {
  const certificate = certificateFor(simulation, app, body);
  certificate.acme = true;
  simulation.world.certificates.set(placeOf(app, certificate.hostname), certificate);
  return certificate;
}

/** `POST …/certificates/custom`: one that the customer brings. 422 for one that is not for that host, or not for that key. */
export function importCertificate(simulation: Simulation, app: App, body: JsonObject): Certificate {
  const certificate = certificateFor(simulation, app, body);
  const chain = textOf(body, 'fullchain') ?? '';
  let leaf: X509Certificate;
  let matches: boolean;
  try {
    leaf = new X509Certificate(chain);
    matches = leaf.checkPrivateKey(createPrivateKey(textOf(body, 'private_key') ?? ''));
  } catch {
    throw new Refusal(422, 'fullchain and private_key must be PEM');
  }
  if (!matches) throw new Refusal(422, 'private_key does not belong to the certificate');
  if (!leaf.checkHost(certificate.hostname.replace(/^\*/, 'any')))
    throw new Refusal(422, `the certificate is not for ${certificate.hostname}`);
  certificate.custom = { issuer: issuerOf(leaf), expiresAtMs: Date.parse(leaf.validTo) };
  simulation.world.certificates.set(placeOf(app, certificate.hostname), certificate);
  return certificate;
}

/** Takes the host away, or only the certificates of one kind; the host goes with the last of them. */
export function removeCertificate(
  simulation: Simulation,
  certificate: Certificate,
  kind?: 'acme' | 'custom',
): void {
  const { world, clock } = simulation;
  const key = `${certificate.app} ${certificate.hostname}`;
  if (kind !== 'custom') certificate.acme = false;
  if (kind !== 'acme') delete certificate.custom;
  if (!certificate.acme && !certificate.custom) {
    world.certificates.delete(key);
    return;
  }
  certificate.updatedAtMs = clock.nowMs();
  world.certificates.changed(key);
}

/** What the control surface says about the internet: whether the names of a host lead to its app. */
export function setDnsReady(simulation: Simulation, certificate: Certificate, ready: boolean): void {
  if (ready) certificate.dnsReadyAtMs ??= simulation.clock.nowMs();
  else delete certificate.dnsReadyAtMs;
  simulation.world.certificates.changed(`${certificate.app} ${certificate.hostname}`);
}

function certificateFor(simulation: Simulation, app: App, body: JsonObject): Certificate {
  const { world, clock } = simulation;
  const hostname = (textOf(body, 'hostname') ?? '').toLowerCase();
  if (hostname.length > LONGEST_HOSTNAME || !HOSTNAME.test(hostname))
    throw new Refusal(422, `hostname ${hostname.slice(0, LONGEST_HOSTNAME)} is not valid`);
  const elsewhere = [...world.certificates.values()].find(
    (one) => one.hostname === hostname && one.app !== app.name,
  );
  if (elsewhere) throw new Refusal(422, `hostname ${hostname} is already in use`);
  const nowMs = clock.nowMs();
  const known = world.certificates.get(placeOf(app, hostname));
  if (known) return { ...known, updatedAtMs: nowMs };
  return { app: app.name, hostname, createdAtMs: nowMs, updatedAtMs: nowMs, acme: false };
}

function placeOf(app: App, hostname: string): string {
  return `${app.name} ${hostname.toLowerCase()}`;
}

function issuerOf(leaf: X509Certificate): string {
  return /^CN=(.*)$/m.exec(leaf.issuer)?.[1] ?? leaf.issuer;
}
