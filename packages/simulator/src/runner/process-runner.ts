import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crashMachine } from '../machines/machine/actions.ts';
import { environmentOf } from '../machines/machine/environment.ts';
import { numberOf } from '../machines/request/body.ts';
import type { Simulation } from '../simulation.ts';
import type { Machine } from '../world/platform.ts';
import { commandOf, stopRule } from './command.ts';
import { openChildren, type Child } from './children.ts';
import { prepareFolder } from './folder.ts';
import type { Runner } from './runner.ts';
import { isObject, type JsonObject } from '../world/json.ts';

/** What a command may say before the rest is dropped. */
const MOST_OUTPUT_BYTES = 1024 * 1024;
/** A line that is longer without having ended is taken as one. */
const LONGEST_REST = 4096;
/** Without `restart.max_retries`, as on Fly.io. */
const USUAL_RETRIES = 10;
/** A process that ran this long has started well, and its tries are counted anew. */
const STARTED_WELL_MS = 60_000;
/** What a process finds of our own environment: enough to find programs. */
const PASSED_ON = ['PATH', 'LANG', 'TZ'];

/**
 * Runs the commands of machines as child processes of ours, each in a folder of its own with the machine's environment, files and volume.
 * It isolates nothing: they are programs of whoever started the simulator, and can do whatever that person can.
 */
export function createProcessRunner(simulation: Simulation): Runner {
  const { logs, clock } = simulation;
  const root = mkdtempSync(join(tmpdir(), 'hangar-machines-'));
  const children = openChildren(root);
  const running = new Map<string, Child>();
  const tries = new Map<string, number>();
  /** Of processes that ended while their machine was on its way to rest, and before it was asked for. */
  const codes = new Map<string, number>();

  const environment = (machine: Machine, own: Readonly<Record<string, string>>, folder: string) => ({
    ...Object.fromEntries(
      PASSED_ON.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
    ),
    ...own,
    HOME: folder,
    HANGAR_MACHINE_FOLDER: folder,
  });

  const exited = (machine: Machine, child: Child, code: number, startedMs: number): void => {
    if (running.get(machine.id) !== child) return;
    running.delete(machine.id);
    logs.write(machine.id, `Main process ended with exit code ${code}`, code === 0 ? 'info' : 'error');
    // Whoever stopped it has said so in the state before.
    if (machine.state !== 'started') {
      codes.set(machine.id, code);
      return;
    }
    const tried = clock.nowMs() - startedMs > STARTED_WELL_MS ? 0 : (tries.get(machine.id) ?? 0);
    tries.set(machine.id, tried + 1);
    const gaveUp = tried >= retriesOf(machine);
    if (gaveUp) tries.delete(machine.id);
    crashMachine(simulation, machine, { exitCode: code, restart: !gaveUp });
    simulation.commit();
  };

  return {
    start(machine) {
      const words = commandOf(machine);
      if (words === undefined) {
        logs.write(
          machine.id,
          'The config names no command (init.exec, init.cmd), and no image is pulled: nothing runs',
        );
        return;
      }
      codes.delete(machine.id);
      const folder = prepareFolder(root, machine);
      const child = children.start(words, {
        cwd: folder,
        env: environment(machine, environmentOf(machine), folder),
      });
      running.set(machine.id, child);
      printed(
        child,
        byLine((text, level) => logs.write(machine.id, text, level)),
      );
      const startedMs = clock.nowMs();
      void child.ended
        .then((code) => exited(machine, child, code, startedMs))
        .catch(simulation.settings.onError);
    },
    stop(machine) {
      const child = running.get(machine.id);
      if (!child) return;
      const { signal, timeoutMs } = stopRule(machine);
      child.signal(signal);
      const timer = setTimeout(() => child.signal('SIGKILL'), timeoutMs);
      void child.ended.then(() => clearTimeout(timer));
    },
    ended(machine) {
      const code = codes.get(machine.id);
      codes.delete(machine.id);
      return running.get(machine.id)?.ended ?? (code === undefined ? undefined : Promise.resolve(code));
    },
    async exec(machine, { words, stdin, environment: own, timeoutMs }) {
      const folder = prepareFolder(root, machine);
      const child = children.start(words, { cwd: folder, env: environment(machine, own, folder), stdin });
      const said = { info: '', error: '' };
      printed(child, (text, level) => {
        said[level] = `${said[level]}${text}`.slice(0, MOST_OUTPUT_BYTES);
      });
      const timer = setTimeout(() => child.signal('SIGKILL'), timeoutMs);
      const exitCode = await child.ended;
      clearTimeout(timer);
      return { exitCode, stdout: said.info, stderr: said.error };
    },
    async clear() {
      running.clear();
      tries.clear();
      codes.clear();
      await children.clear();
    },
    async close() {
      running.clear();
      await children.clear();
      children.close();
    },
  };
}

type Taker = (text: string, level: 'info' | 'error') => void;

/** Hands on whole lines; one that never ends is cut. */
function byLine(take: Taker): Taker {
  const rests = { info: '', error: '' };
  return (text, level) => {
    const whole = rests[level] + text;
    const end = whole.length > LONGEST_REST ? whole.length : whole.lastIndexOf('\n') + 1;
    rests[level] = whole.slice(end);
    take(whole.slice(0, end), level);
  };
}

function printed(child: Child, take: Taker): void {
  for (const [stream, level] of [
    [child.process.stdout, 'info'],
    [child.process.stderr, 'error'],
  ] as const) {
    stream?.setEncoding('utf8');
    stream?.on('data', (text: string) => take(text, level));
  }
}

function retriesOf({ config }: Machine): number {
  const restart: JsonObject = isObject(config['restart']) ? config['restart'] : {};
  return numberOf(restart, 'max_retries') || USUAL_RETRIES;
}
