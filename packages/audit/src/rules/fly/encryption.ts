import type { SourceFile } from '../../tree/source-file.ts';
import type { Edit } from '../../finding.ts';
import { at, type ConfigNode, isFalse, isTrue, items, member, textOf } from '../../readers/config-node.ts';

import { pages, type Rule } from '../../rule.ts';

const httpService: Rule = {
  id: 'HA110',
  severity: 'high',
  title: 'The HTTP service answers without encryption',
  reason:
    'Without `force_https` the proxy serves plain HTTP too: passwords, cookies and tokens can be read and changed on the way.',
  fix: 'Put `force_https = true` into `[http_service]`.',
  source: pages.config,
  *check(project) {
    for (const { file, services } of project.flyConfigs)
      for (const service of services) {
        if (service.kind !== 'http_service' || isTrue(service.forceHttps?.value)) continue;
        const shown = service.forceHttps;
        const node = shown?.value ?? service.node;
        yield {
          place: shown === undefined ? headOf(file, node) : file.place(shown.start, shown.value.end),
          detail: shown === undefined ? '[http_service] has no force_https' : 'force_https is not true',
          edit: forcing(file, service.node, shown?.value),
          key: 'http_service',
        };
      }
  },
};

/** The first line of a table. */
export function headOf(file: SourceFile, node: ConfigNode) {
  return file.placeOfLine(file.place(node.start).line);
}

/** Only in TOML, where one more line below the head changes nothing else. */
function forcing(file: SourceFile, service: ConfigNode, value: ConfigNode | undefined): Edit | undefined {
  if (!file.name.endsWith('.toml')) return undefined;
  if (value !== undefined)
    return isFalse(value) ? { path: file.path, start: value.start, end: value.end, text: 'true' } : undefined;
  const line = file.place(service.start).line;
  if (!/^\s*\[\s*http_service\s*\]/.test(file.line(line))) return undefined;
  const end = file.startOf(line) + file.line(line).length;
  return { path: file.path, start: end, end, text: '\n  force_https = true' };
}

const ports: Rule = {
  id: 'HA111',
  severity: 'high',
  title: 'A port serves plain HTTP to the internet',
  reason:
    'A port with the `http` handler and without `force_https` answers in the clear instead of sending browsers to HTTPS.',
  fix: 'Put `force_https = true` to the port with `handlers = ["http"]`, and `handlers = ["tls", "http"]` to port 443.',
  source: pages.services,
  *check(project) {
    for (const { file, services } of project.flyConfigs) {
      for (const service of services) {
        // What another port of the same number sends on is decided by the proxy, and not by this one.
        for (const port of service.ports) {
          if (!port.handlers.includes('http') || port.handlers.includes('tls') || port.forcesHttps) continue;
          yield {
            place: headOf(file, port.node),
            detail: `port ${port.from ?? '?'} has the http handler and no force_https`,
            key: String(port.from),
          };
        }
      }
    }
  },
};

const tlsVersions: Rule = {
  id: 'HA112',
  severity: 'low',
  title: 'Outdated versions of TLS are accepted',
  reason: 'TLS 1.0 and 1.1 have known weaknesses, and no browser of today needs them.',
  fix: 'Write `versions = ["TLSv1.2", "TLSv1.3"]` into `tls_options`.',
  source: pages.config,
  *check(project) {
    for (const { file, services } of project.flyConfigs)
      for (const service of services) {
        const options = [
          at(service.node, 'tls_options'),
          ...service.ports.map((port) => at(port.node, 'tls_options')),
        ];
        for (const node of options.flatMap((one) => items(at(one, 'versions')))) {
          const version = textOf(node) ?? '';
          if (!/^(?:TLSv1(?:\.[01])?|SSLv[23])$/i.test(version)) continue;
          yield { place: file.place(node.start, node.end), detail: `${version} is accepted`, key: version };
        }
      }
  },
};

const uncheckedCertificate: Rule = {
  id: 'HA113',
  severity: 'medium',
  title: 'A check does not look at the certificate',
  reason:
    'With `tls_skip_verify` the check is green for any certificate, so that an expired one is noticed by customers first.',
  fix: 'Delete `tls_skip_verify`, and name the host with `tls_server_name`.',
  source: pages.config,
  *check(project) {
    for (const { file, root, services } of project.flyConfigs) {
      const topLevel = at(root, 'checks');
      const named = topLevel?.kind === 'table' ? topLevel.members.map((one) => one.value) : [];
      for (const check of [...services.flatMap((service) => service.checks), ...named, ...items(topLevel)]) {
        const skip = member(check, 'tls_skip_verify');
        if (!isTrue(skip?.value) || skip === undefined) continue;
        yield { place: file.place(skip.start, skip.value.end), detail: 'tls_skip_verify is true' };
      }
    }
  },
};

/** How strangers reach the app. */
export const ENCRYPTION_RULES: readonly Rule[] = [httpService, ports, tlsVersions, uncheckedCertificate];
