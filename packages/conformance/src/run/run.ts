import { randomBytes } from 'node:crypto';
import { setTimeout as pauseFor } from 'node:timers/promises';
import { systemClock, type Clock } from '@hangar/http';
import { Secret } from '@hangar/security';
import { simulatedSecrets } from '@hangar/simulator';
import type { Case, Need } from '../lab/case.ts';
import { CaseFailed, CaseSkipped, seen } from '../lab/claims.ts';
import { createLab, type Lab } from '../lab/lab.ts';
import { openLine, type Line } from '../lab/line.ts';
import { createTrigger } from '../lab/trigger.ts';
import { createWriter, type Writer } from '../report/evidence.ts';
import { startTwin, type Twin } from '../twin/twin.ts';
import { sumsOf, type Outcome, type Report, type Result } from './report.ts';
import { selectCases, whatIsNeeded, type Selection } from './select.ts';

/** How the tester plays Fly.io. */
export interface TwinPlan {
  /** The first of four ports on 127.0.0.1; 0 takes free ones. */
  readonly port: number;
  /** The last part of the address for webhooks. Default `hangar`. */
  readonly slug?: string | undefined;
  readonly clientId?: string | undefined;
  readonly clientSecret?: Secret | undefined;
}

/** One run of the tester. */
export interface Plan extends Selection {
  /** Where Fly.io would reach the provider, such as `https://logjam.io/flyio`. */
  readonly baseUrl: string;
  readonly secret: Secret;
  /** The environment variable that holds the secret, for the commands in a report. Default `PROVISIONING_SECRET`. */
  readonly secretName?: string | undefined;
  readonly secondSecret?: Secret | undefined;
  readonly webhookSecret?: Secret | undefined;
  readonly twin?: TwinPlan | undefined;
  /** Where the provider's own side is told to change something. */
  readonly triggerUrl?: string | undefined;
  /** Told of each case as it ends. */
  readonly onResult?: ((result: Result) => void) | undefined;
  /** Told of the twin before the first case. */
  readonly onTwin?: ((twin: Twin) => void) | undefined;
  readonly now?: Clock | undefined;
  /** Milliseconds that only go forward. */
  readonly elapsed?: (() => number) | undefined;
  readonly pause?: ((ms: number) => Promise<void>) | undefined;
  /** A signal that aborts after so long. */
  readonly deadline?: ((ms: number) => AbortSignal) | undefined;
}

/** The provider cannot be tested at all. */
export class ProviderUnreachable extends Error {
  override readonly name = 'ProviderUnreachable';
}

/** A provider that is slow at everything would keep the tester for hours. */
const RUN_MS = 45 * 60_000;

/** Runs cases against a provider, and deletes again what they made. @throws RangeError, ProviderUnreachable */
export async function runConformance(plan: Plan): Promise<Report> {
  const chosen = selectCases(plan);
  const baseUrl = plan.baseUrl.replace(/\/+$/, '');
  const elapsed = plan.elapsed ?? (() => performance.now());
  const now = plan.now ?? systemClock;
  const deadline = plan.deadline ?? ((ms: number) => AbortSignal.timeout(ms));
  const line = openLine({ origin: new URL(baseUrl).origin, deadline, elapsed });
  const triggerLine =
    plan.triggerUrl === undefined
      ? undefined
      : openLine({ origin: new URL(plan.triggerUrl).origin, deadline, elapsed });
  let twin: Twin | undefined;
  try {
    twin = await twinOf(plan, baseUrl, now);
    if (twin !== undefined) plan.onTwin?.(twin);
    const lab = createLab({
      baseUrl,
      secret: plan.secret,
      secondSecret: plan.secondSecret,
      webhookSecret: webhookSecretOf(plan),
      line,
      now,
      elapsed,
      pause: plan.pause ?? (async (ms) => await pauseFor(ms)),
      run: randomBytes(3).toString('hex'),
      twin,
      trigger:
        plan.triggerUrl === undefined || triggerLine === undefined
          ? undefined
          : createTrigger(plan.triggerUrl, async (outgoing) => await triggerLine.send(outgoing)),
    });
    await claimReachable(lab, line);
    const writer = createWriter(lab, plan.secretName ?? 'PROVISIONING_SECRET');
    const has = (need: Need): boolean => hasWhat(need, plan, lab);
    const results: Result[] = [];
    const giveUp = elapsed() + RUN_MS;
    for (const one of chosen) {
      const started = elapsed();
      const outcome: Outcome =
        elapsed() > giveUp
          ? { tag: 'broken', why: `the run took longer than ${RUN_MS / 60_000} minutes` }
          : await outcomeOf(one, lab, writer, has);
      const result = { case: one, outcome, ms: Math.round(elapsed() - started) };
      results.push(result);
      plan.onResult?.(result);
    }
    const left = (await tidy(lab)).map((one) => writer.told(one));
    return { baseUrl, results, left, sums: sumsOf(results, left.length) };
  } finally {
    line.close();
    triggerLine?.close();
    await twin?.close();
  }
}

async function outcomeOf(
  one: Case,
  lab: Lab,
  writer: Writer,
  has: (need: Need) => boolean,
): Promise<Outcome> {
  const missing = one.needs.find((need) => !has(need));
  if (missing !== undefined) return { tag: 'skipped', why: whatIsNeeded(missing) };
  try {
    await one.run(lab);
    return { tag: 'passed' };
  } catch (error) {
    if (error instanceof CaseSkipped) return { tag: 'skipped', why: error.message };
    if (error instanceof CaseFailed)
      return {
        tag: 'failed',
        why: writer.told(error.message),
        evidence: error.exchange === undefined ? undefined : writer.evidence(error.exchange),
      };
    return {
      tag: 'broken',
      why: writer.told(error instanceof Error ? `${error.name}: ${error.message}` : String(error)),
    };
  }
}

function hasWhat(need: Need, plan: Plan, lab: Lab): boolean {
  switch (need) {
    case 'twin':
      return plan.twin !== undefined;
    case 'trigger':
      return plan.triggerUrl !== undefined;
    case 'second-secret':
      return lab.secondSecret !== undefined;
    case 'webhook-secret':
      return lab.webhookSecret !== undefined;
    case 'https':
      return lab.baseUrl.startsWith('https:');
  }
}

/** With a twin of which nothing else was said, the provider has the secret of a simulation that nobody configured. */
function webhookSecretOf(plan: Plan): Secret | undefined {
  return plan.webhookSecret ?? (plan.twin === undefined ? undefined : Secret.of(simulatedSecrets.webhook));
}

async function twinOf(plan: Plan, baseUrl: string, now: Clock): Promise<Twin | undefined> {
  if (plan.twin === undefined) return undefined;
  return await startTwin({
    ...plan.twin,
    slug: plan.twin.slug ?? DEFAULT_SLUG,
    baseUrl,
    now,
    provisioningSecret: plan.secret,
    webhookSecret: plan.webhookSecret,
  });
}

const DEFAULT_SLUG = 'hangar';

async function claimReachable(lab: Lab, line: Line): Promise<void> {
  const target = new URL(lab.baseUrl).pathname;
  const answer = await line.send({ method: 'GET', target, headers: [], body: new Uint8Array() });
  if (answer.tag === 'silent' && answer.why === 'unreachable')
    throw new ProviderUnreachable(`nobody answers at ${new URL(lab.baseUrl).origin} (${answer.detail})`);
}

/** Deletes what the cases made; the ids of what stays. */
async function tidy(lab: Lab): Promise<readonly string[]> {
  const left: string[] = [];
  for (const [id, deleted] of lab.resources) {
    if (deleted) continue;
    let gone = await lab.remove(id);
    // A resource that is still being made may have to be asked for once more.
    if (gone.status === 409) {
      await lab.pause(TIDY_MS);
      gone = await lab.remove(id);
    }
    if (![200, 202, 204, 404, 410].includes(gone.status)) left.push(`${id} (${seen(gone)})`);
  }
  return left;
}

const TIDY_MS = 1_000;
