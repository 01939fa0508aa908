import { scalars, textOf } from '../../readers/config-node.ts';
import type { FlyConfig } from '../../readers/fly-config.ts';
import type { Project } from '../../project.ts';
import { at, items, numberOf } from '../../readers/config-node.ts';
import type { SourceFile } from '../../tree/source-file.ts';

/** One setting of Hangar in a file: `[env]` of a fly.toml, or a `.env`. */
export interface Setting {
  readonly name: string;
  readonly value: string;
  readonly file: SourceFile;
  readonly start: number;
  readonly end: number;
}

/** The settings of one deployment. */
export interface Deployment {
  readonly config: FlyConfig | undefined;
  readonly file: SourceFile;
  readonly settings: ReadonlyMap<string, Setting>;
  /** How many machines it is made to have, as far as the file says. */
  readonly machines: number;
}

/** Every file that configures a Hangar: one that sets a name beginning with HANGAR_. */
export function deployments(project: Project): readonly Deployment[] {
  const found: Deployment[] = [];
  for (const config of project.flyConfigs) {
    const settings = new Map<string, Setting>();
    for (const { name, value } of config.env)
      for (const { node } of scalars(value))
        settings.set(name, {
          name,
          value: textOf(node) ?? '',
          file: config.file,
          start: node.start,
          end: node.end,
        });
    if (isHangar(settings)) found.push({ config, file: config.file, settings, machines: machinesOf(config) });
  }
  for (const { file, lines } of project.envFiles) {
    const settings = new Map(
      lines.map(({ name, value, start, end }) => [name, { name, value, file, start, end }]),
    );
    if (isHangar(settings)) found.push({ config: undefined, file, settings, machines: 1 });
  }
  return found;
}

function isHangar(settings: ReadonlyMap<string, Setting>): boolean {
  return [...settings.keys()].some((name) => name.startsWith('HANGAR_'));
}

function machinesOf({ root, services }: FlyConfig): number {
  const running = services.map((service) => numberOf(at(service.node, 'min_machines_running')) ?? 1);
  const replicas = items(at(root, 'vm')).map((vm) => numberOf(at(vm, 'count')) ?? 1);
  return Math.max(1, ...running, ...replicas);
}

/** Whether the deployment talks to the real Fly.io. */
export function inProduction({ settings }: Deployment): boolean {
  return settings.get('HANGAR_FLY')?.value === 'real';
}
