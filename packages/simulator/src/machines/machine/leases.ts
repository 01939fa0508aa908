import { randomHex } from '../../ids.ts';
import type { Simulation } from '../../simulation.ts';
import type { Lease, Machine } from '../../world/platform.ts';
import type { Caller } from '../request/caller.ts';
import { Refusal } from '../request/refusal.ts';

/** A lease that nobody gave a length to. */
const DEFAULT_TTL_SECONDS = 120;

/** The lease that is in force, if any. */
export function currentLease(simulation: Simulation, machine: Machine): Lease | undefined {
  if (machine.lease && machine.lease.expiresAtMs <= simulation.clock.nowMs()) endLease(simulation, machine);
  return machine.lease;
}

/** Takes the lease off a machine. */
export function endLease(simulation: Simulation, machine: Machine): void {
  delete machine.lease;
  simulation.world.machines.changed(machine.id);
}

/** 409 with the owner and the expiry, unless the machine is free or the nonce is the lease's. */
export function requireLease(simulation: Simulation, machine: Machine, nonce: string | undefined): void {
  const lease = currentLease(simulation, machine);
  if (!lease || lease.nonce === nonce) return;
  const expires = new Date(lease.expiresAtMs).toISOString().replace(/\.\d+Z$/, 'Z');
  throw new Refusal(
    409,
    `failed_precondition: lease currently held by ${lease.owner}, expires at ${expires}`,
  );
}

/** Takes the lease, or extends it when the nonce is the current one (docs/specs/platform.md#leases). */
export function takeLease(
  simulation: Simulation,
  caller: Caller,
  machine: Machine,
  ask: { nonce?: string | undefined; ttlSeconds?: number | undefined; description?: string | undefined },
): Lease {
  requireLease(simulation, machine, ask.nonce);
  const expiresAtMs = simulation.clock.nowMs() + (ask.ttlSeconds ?? DEFAULT_TTL_SECONDS) * 1000;
  const held = currentLease(simulation, machine);
  if (held) {
    held.expiresAtMs = expiresAtMs;
    simulation.world.machines.changed(machine.id);
    return held;
  }
  machine.lease = {
    nonce: randomHex(6),
    expiresAtMs,
    owner: caller.email,
    description: ask.description ?? '',
  };
  simulation.world.machines.changed(machine.id);
  return machine.lease;
}
