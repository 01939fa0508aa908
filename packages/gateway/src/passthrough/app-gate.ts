import { appWire } from '@hangar/flyio';
import { HangarError, type Clock } from '@hangar/http';
import { sha256Hex, type Secret } from '@hangar/security';
import { Bounded } from '../locate/bounded.ts';
import { organizationError, type OrganizationRule } from '../policy/org-policy.ts';
import type { UpstreamReply } from '../upstream/send.ts';
import type { CallerUpstream } from './caller-upstream.ts';

/** An app as its caller sees it. */
export interface SeenApp {
  readonly name: string;
  /** Its internal number, which no later app of the same name has. */
  readonly number: number;
  readonly organization: string;
  readonly machineCount: number;
  readonly json: unknown;
}

/** An app moves so rarely, and is judged by upstream in any case, that ten seconds do no harm. */
const REMEMBERED_MS = 10_000;
const MOST_REMEMBERED = 10_000;

/** Tells in which organization an app is, as upstream tells the caller, and holds that against the operator's list. */
export class AppGate {
  readonly #upstream: CallerUpstream;
  readonly #rule: OrganizationRule;
  readonly #allowsAll: boolean;
  readonly #now: Clock;
  /** When it was found allowed, by caller and app. */
  readonly #allowed = new Bounded<string, number>(MOST_REMEMBERED);

  constructor(
    upstream: CallerUpstream,
    rule: OrganizationRule,
    options: { readonly allowsAll: boolean; readonly now: Clock },
  ) {
    this.#upstream = upstream;
    this.#rule = rule;
    this.#allowsAll = options.allowsAll;
    this.#now = options.now;
  }

  /** Asks for the app. A refusal is upstream's, and the caller's to hear. */
  async look(
    app: string,
    authorization: Secret,
    signal?: AbortSignal,
  ): Promise<{ app: SeenApp } | { refusal: UpstreamReply }> {
    const found = await this.#upstream.json({
      method: 'GET',
      target: `/v1/apps/${app}`,
      authorization,
      signal,
    });
    if ('refusal' in found) return found;
    const read = appWire.safeParse(found.json);
    const number = read.data?.internal_numeric_id;
    const slug = read.data?.organization?.slug;
    if (!read.success || number === undefined || slug === undefined)
      throw new HangarError('upstream_failed', {
        status: 500,
        detail: 'an app without number or organization',
      });
    const { name, machine_count: machineCount = 0 } = read.data;
    return { app: { name, number, organization: slug, machineCount, json: found.json } };
  }

  /**
   * Whether requests about the app may pass: undefined, or upstream's refusal to show it to this caller.
   * @throws HangarError `org_not_allowed`
   */
  async refusal(app: string, authorization: Secret, signal: AbortSignal): Promise<UpstreamReply | undefined> {
    if (this.#allowsAll) return undefined;
    const key = callersKey(app, authorization);
    const at = this.#now().getTime();
    if ((this.#allowed.get(key) ?? -Infinity) > at - REMEMBERED_MS) return undefined;
    const found = await this.look(app, authorization, signal);
    if ('refusal' in found) return found.refusal;
    await this.allow(found.app.organization);
    this.#allowed.set(key, at);
    return undefined;
  }

  /** @throws HangarError `org_not_allowed` */
  async allow(organization: string): Promise<void> {
    const allowed = await this.#rule.allows(organization);
    if (!allowed.ok) throw organizationError(allowed.reason);
  }

  /** The app is gone; the next one of its name may be somebody else's. */
  forget(app: string, authorization: Secret): void {
    this.#allowed.delete(callersKey(app, authorization));
  }
}

/** An app as one caller names it: what a stranger does in its name must not hold up its owner. */
export function callersKey(app: string, authorization: Secret): string {
  return `${sha256Hex(authorization.reveal())} ${app}`;
}
