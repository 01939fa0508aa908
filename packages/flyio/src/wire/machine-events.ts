/**
 * What Fly.io tells a provider about its machines: docs/specs/extensions.md#events.
 * The envelope is CloudEvents 1.0, HTTP binding, binary mode; see cloud-event.ts.
 */
import { z } from 'zod';
import { freeObject } from './text.ts';

/** Types of machine events begin with this; the machine's state follows. */
export const MACHINE_EVENT_PREFIX = 'io.fly.machine.';

/** The body. `data` has no promised members; `Error` and `Transition` have been seen. */
export const machineEventBody = z.looseObject({
  machine_id: z.string().min(1).max(64),
  status: z.string().min(1).max(64),
  data: freeObject.nullish(),
});
export type MachineEventBody = z.infer<typeof machineEventBody>;

export { parseCloudEvent, type CloudEvent, type CloudEventReason } from './cloud-event.ts';
