import type { Place } from '../../finding.ts';
import { at, type ConfigNode, items, numberOf, textOf } from '../../readers/config-node.ts';
import type { FlyConfig } from '../../readers/fly-config.ts';
import { type FlyPort, type FlyService, isPublic } from '../../readers/fly-services.ts';
import { pages, type Rule } from '../../rule.ts';
import { headOf } from './encryption.ts';

/** What listens there is a store, a console or a shell, whoever asks. */
export const INTERNAL_PORTS: ReadonlyMap<number, string> = new Map([
  [22, 'SSH'],
  [2375, 'the Docker API'],
  [2376, 'the Docker API'],
  [2379, 'etcd'],
  [2380, 'etcd'],
  [3306, 'MySQL'],
  [4222, 'NATS'],
  [4369, 'Erlang'],
  [5432, 'Postgres'],
  [5433, 'Postgres'],
  [5672, 'RabbitMQ'],
  [5900, 'a remote desktop'],
  [6080, 'a remote desktop'],
  [6222, 'NATS'],
  [6379, 'Redis'],
  [7700, 'Meilisearch'],
  [8500, 'Consul'],
  [8686, 'the API of a log shipper'],
  [9042, 'Cassandra'],
  [9092, 'Kafka'],
  [9200, 'Elasticsearch'],
  [9300, 'Elasticsearch'],
  [11211, 'Memcached'],
  [11434, 'Ollama'],
  [15672, 'the console of RabbitMQ'],
  [26257, 'CockroachDB'],
  [27017, 'MongoDB'],
]);
/** Also ports of ordinary web applications: only where no HTTP is spoken do they mean something else. */
export const DOUBTFUL_PORTS: ReadonlyMap<number, string> = new Map([
  [2019, 'the API of Caddy'],
  [8081, 'the API of a name server'],
  [9000, 'a console'],
  [9001, 'a console'],
  [7700, 'Meilisearch'],
  [8686, 'the API of a log shipper'],
]);

const internalPort: Rule = {
  id: 'HA120',
  severity: 'high',
  title: 'An internal service is open to the internet',
  reason:
    'Data stores, consoles and shells are found by scanners within minutes, and many of them ask for no password.',
  fix: 'Delete the service section: other apps reach it at `APP.internal`. Where it needs the proxy: `fly ips allocate-v6 --private`, then `fly ips release ADDRESS` for each public one.',
  source: pages.private,
  *check(project) {
    for (const config of project.flyConfigs)
      for (const service of config.services) {
        const found = isPublic(service) ? internalOf(service) : undefined;
        if (found === undefined) continue;
        yield {
          place: placeOfPort(config, service, found.port),
          detail: `port ${found.number} (${found.words}) is offered to the internet`,
          key: String(found.number),
        };
      }
  },
};

function internalOf(
  service: FlyService,
): { number: number; words: string; port: FlyPort | undefined } | undefined {
  const speaksHttp =
    service.kind === 'http_service' || service.ports.every((port) => port.handlers.includes('http'));
  const wordsFor = (number: number) =>
    (speaksHttp && DOUBTFUL_PORTS.has(number) ? undefined : INTERNAL_PORTS.get(number)) ??
    (speaksHttp ? undefined : DOUBTFUL_PORTS.get(number));
  const inside = service.internalPort;
  if (inside !== undefined) {
    const words = wordsFor(inside);
    if (words !== undefined) return { number: inside, words, port: undefined };
  }
  for (const port of service.ports) {
    if (port.from === undefined || port.to === undefined || port.handlers.includes('http')) continue;
    for (const [number, words] of INTERNAL_PORTS)
      if (port.from <= number && number <= port.to) return { number, words, port };
  }
  return undefined;
}

function placeOfPort(config: FlyConfig, service: FlyService, port: FlyPort | undefined): Place {
  const node: ConfigNode | undefined = port?.node ?? service.internalPortNode;
  return node?.kind === 'scalar'
    ? config.file.placeOfLine(config.file.place(node.start).line)
    : headOf(config.file, node ?? service.node);
}

/** Raw by its nature: names are asked for this way. */
const RAW_BY_PURPOSE = new Set([53, 853]);

const rawPort: Rule = {
  id: 'HA121',
  severity: 'medium',
  title: 'A public port passes raw TCP',
  reason:
    'Without a handler the proxy neither encrypts nor understands what passes; whatever the program says is in the clear.',
  fix: 'Give the port `handlers = ["tls"]`, or make the service private: `fly ips allocate-v6 --private`.',
  source: pages.flycast,
  *check(project) {
    for (const { file, services } of project.flyConfigs)
      for (const service of services) {
        if (service.protocol !== 'tcp' || RAW_BY_PURPOSE.has(service.internalPort ?? 0)) continue;
        for (const port of service.ports) {
          if (port.handlers.length > 0 || RAW_BY_PURPOSE.has(port.from ?? 0)) continue;
          const protocol = textOf(at(port.node, 'protocol'))?.toLowerCase();
          if (protocol === 'udp') continue;
          yield {
            place: headOf(file, port.node),
            detail: `port ${port.from ?? '?'} has no handlers: what passes is raw TCP`,
            key: String(port.from),
          };
        }
      }
  },
};

const publicMetrics: Rule = {
  id: 'HA122',
  severity: 'medium',
  title: 'Metrics are served on a public port',
  reason: 'Metrics tell names of customers, routes and versions to whoever asks.',
  fix: 'Serve them on a port of their own that no service names, and write that port into `[metrics]`.',
  source: pages.config,
  *check(project) {
    for (const { file, root, services } of project.flyConfigs) {
      const open = services.filter((service) => isPublic(service));
      for (const metrics of items(at(root, 'metrics'))) {
        const node = at(metrics, 'port');
        const port = numberOf(node);
        // A program that shares one port between pages and metrics is the usual case: it is told, mildly.
        const raw = open.some(
          (service) => service.ports.some(({ from }) => from === port) && port !== undefined,
        );
        const shared = open.some((service) => service.internalPort === port && port !== undefined);
        if (node === undefined || (!raw && !shared)) continue;
        yield {
          place: file.place(node.start, node.end),
          detail: `the metrics port ${port} is also a port of a public service`,
          severity: raw ? 'medium' : 'low',
          key: String(port),
        };
      }
    }
  },
};

/** What strangers reach. */
export const EXPOSURE_RULES: readonly Rule[] = [internalPort, rawPort, publicMetrics];
