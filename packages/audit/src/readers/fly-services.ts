import { at, type ConfigNode, isTrue, items, type Member, member, numberOf, textOf } from './config-node.ts';

/** `[http_service]` or one of `[[services]]`. */
export interface FlyService {
  readonly kind: 'http_service' | 'services';
  readonly node: ConfigNode;
  readonly internalPort: number | undefined;
  readonly internalPortNode: ConfigNode | undefined;
  readonly protocol: string;
  readonly ports: readonly FlyPort[];
  readonly checks: readonly ConfigNode[];
  /** Of `[http_service]`. */
  readonly forceHttps: Member | undefined;
}

export interface FlyPort {
  readonly node: ConfigNode;
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly handlers: readonly string[];
  readonly forcesHttps: boolean;
}

const CHECK_NAMES = ['checks', 'http_checks', 'tcp_checks', 'machine_checks'];

/** Services of a configuration. One without ports is reached from inside alone. */
export function readServices(root: ConfigNode): readonly FlyService[] {
  const http = at(root, 'http_service');
  const found: FlyService[] = [];
  if (http?.kind === 'table') found.push(serviceOf('http_service', http));
  for (const node of items(at(root, 'services'))) {
    if (node.kind === 'table') found.push(serviceOf('services', node));
  }
  return found;
}

/** Whether anybody on the internet gets to it. */
export function isPublic(service: FlyService): boolean {
  return service.kind === 'http_service' || service.ports.length > 0;
}

function serviceOf(kind: FlyService['kind'], node: ConfigNode): FlyService {
  const internalPortNode = at(node, 'internal_port');
  return {
    kind,
    node,
    internalPort: numberOf(internalPortNode),
    internalPortNode,
    protocol: textOf(at(node, 'protocol'))?.toLowerCase() ?? 'tcp',
    ports: items(at(node, 'ports'))
      .filter((one) => one.kind === 'table')
      .map(portOf),
    checks: CHECK_NAMES.flatMap((name) => items(at(node, name))),
    forceHttps: member(node, 'force_https'),
  };
}

function portOf(node: ConfigNode): FlyPort {
  const port = numberOf(at(node, 'port'));
  return {
    node,
    from: port ?? numberOf(at(node, 'start_port')),
    to: port ?? numberOf(at(node, 'end_port')),
    handlers: items(at(node, 'handlers')).flatMap((one) => textOf(one)?.toLowerCase() ?? []),
    forcesHttps: isTrue(at(node, 'force_https')),
  };
}
