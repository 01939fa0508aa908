import type { Simulation } from '../../simulation.ts';
import type { App } from '../../world/platform.ts';
import { cursorOf, linesAfter, linesOf, type LogFilter } from './lines.ts';

/**
 * The lines of an app as they come, one JSON object in each line of the answer: those that are there, then every new one, until whoever
 * reads them goes away or the app does. A slow reader gets what is still remembered when it asks for more.
 */
export function logStream(simulation: Simulation, app: App, filter: LogFilter): ReadableStream<Uint8Array> {
  const { logs, world } = simulation;
  const gone = new AbortController();
  const encoder = new TextEncoder();
  let cursor: string | undefined;
  return new ReadableStream({
    async pull(controller) {
      for (;;) {
        const lines = linesOf(simulation, app, filter);
        const fresh = cursor === undefined ? lines : linesAfter(lines, cursor);
        const last = fresh.at(-1);
        if (last) {
          cursor = cursorOf(last);
          const text = fresh
            .map(({ timeMs, ...line }) =>
              JSON.stringify({ timestamp: new Date(timeMs).toISOString(), ...line }),
            )
            .join('\n');
          controller.enqueue(encoder.encode(`${text}\n`));
          return;
        }
        const more = world.apps.get(app.name) === app && (await logs.stirred(gone.signal));
        if (!more) {
          controller.close();
          return;
        }
      }
    },
    cancel: () => gone.abort(),
  });
}
