import type { AuthenticatedCaller, Clearance } from '@hangar/contract';
import { asHangarError, HangarError } from '@hangar/http';
import type { MachinesClient, Upstream } from '@hangar/flyio';
import type { RequestPlan } from '../request/plan.ts';
import { expired, type Permit } from '../decide/decide.ts';
import { type Caller } from '../locate/caller.ts';
import type { Environment } from '../nouns.ts';
import type { AuditedChange } from '../note/audited-change.ts';
import { callerFor, type Wanted } from '../locate/located-request.ts';
import type { Deps } from '../deps.ts';
import type { EnvironmentStore } from '../ports.ts';
import { sendUpstream, type UpstreamCall, type UpstreamReply } from './send.ts';
import type { WholeRequest } from '../request/whole-request.ts';

/** What the handlers work with: everything but the clients of the outside, which they reach through their exchange alone. */
export type HandlerDeps = Omit<Deps, 'machines' | 'api' | 'tigris'>;

/**
 * For so long a judgement of the token is good for an effect, and a look at the environment for a read. Shorter, and a
 * request that goes straight through asks twice; longer, and a token that was revoked while upstream was slow still does
 * what it came for.
 */
export const JUDGED_MS = 500;

type ExchangeDeps = Pick<Deps, 'machines' | 'api' | 'store' | 'now'>;

/** What an exchange begins with beside its permit. */
interface Opening {
  /** How often upstream was asked for this very target in vain: that counts among the repeats of a read. */
  readonly asked?: number | undefined;
  readonly change?: AuditedChange | undefined;
}

/**
 * An allowed request on its way through the gateway, and the only way from a handler to Fly.io. It is opened
 * with a {@link Permit}, and whatever is sent is sent for the environment that was judged: right before each effect its row
 * is read again, and must be of the same generation. A read goes by the last look while that is young: a deleted name is
 * held against other workspaces for much longer.
 */
export class Exchange {
  readonly #permit: Permit;
  readonly #machines: MachinesClient;
  readonly #api: Pick<Upstream, 'send'>;
  readonly #store: EnvironmentStore;
  readonly #now: Deps['now'];
  /** Its row in the audit trail, for what is committed here. Undefined for a read. */
  readonly change: AuditedChange | undefined;
  #mayHaveWritten = false;
  #asked: number;
  #judgedAt: number;
  #lookedAt: number;
  #lost: AbortSignal | undefined;

  private constructor(
    permit: Permit,
    { machines, api, store, now }: ExchangeDeps,
    { asked = 0, change }: Opening,
  ) {
    this.#asked = asked;
    this.change = change;
    this.#permit = permit;
    this.#machines = machines;
    this.#api = api;
    this.#store = store;
    this.#now = now;
    this.#lookedAt = permit.located.lookedAt.getTime();
    this.#judgedAt = this.#lookedAt;
  }

  static open(permit: Permit, deps: ExchangeDeps, opening: Opening = {}): Exchange {
    return new Exchange(permit, deps, opening);
  }

  get whole(): WholeRequest {
    return this.#permit.located.authentic.whole;
  }

  get plan(): RequestPlan {
    return this.whole.plan;
  }

  get caller(): Caller {
    return this.#permit.located.caller;
  }

  get wanted(): Wanted {
    return this.#permit.located.wanted;
  }

  /** What allowed it. Undefined for a list that is cut down to what the token may see. */
  get clearance(): Clearance | undefined {
    return this.#permit.clearance;
  }

  /** Headers for upstream. */
  get headers(): Readonly<Record<string, string>> {
    return this.#permit.headers;
  }

  /** The environment of the path, as it was when it was judged. */
  get environment(): Environment | undefined {
    return this.caller.environment;
  }

  /**
   * Sends a call upstream. Before every try the environment is the one that was judged; what arrives after that is covered
   * by the time for which a deleted name is reserved.
   * @throws HangarError `not_found`, `state_conflict` or `gone` when it is not, or as {@link sendUpstream} does
   */
  async send(call: UpstreamCall): Promise<UpstreamReply> {
    const upstream = call.at === 'api' ? this.#api : this.#machines;
    if (call.repeatable) {
      const asked = call.target === this.plan.upstreamTarget() ? this.#asked : 0;
      this.#asked -= asked;
      return await sendUpstream(upstream, call, async () => await this.#beforeTry(call), asked);
    }
    const before = this.#mayHaveWritten;
    let reply: UpstreamReply;
    try {
      reply = await sendUpstream(upstream, call, async () => {
        await this.#beforeTry(call);
        this.#mayHaveWritten = true;
      });
    } catch (error) {
      if (error instanceof HangarError && error.code === 'upstream_unreachable')
        this.#mayHaveWritten = before;
      throw error;
    }
    if (reply.status >= 400 && reply.status < 500) this.#mayHaveWritten = before;
    return reply;
  }

  /**
   * Whether something that must not be done twice is done, or may be: it was sent, and neither refused nor lost on the way
   * there. Until that is cleared up its key and its places are kept, whatever goes wrong after it.
   */
  get mayHaveWritten(): boolean {
    return this.#mayHaveWritten;
  }

  /** What was made in other ways than by {@link send}, as an app in many steps, must not be made twice either. */
  noteWritten(): void {
    this.#mayHaveWritten = true;
  }

  /** From now on nothing is sent once the signal is aborted: the lease of the operation was lost, and another process does it. */
  workUntil(lost: AbortSignal): void {
    this.#lost = lost;
  }

  /**
   * An error as the caller may see it. After a call that must not be repeated, a failure of ours that invites to try again
   * (the database is away, and the machine is made) is told as `internal`: real clients repeat a 502 or 503 blindly
   * (docs/specs/gateway.md#lost-answers).
   */
  told(error: unknown): HangarError {
    const failure = asHangarError(error);
    if (!this.#mayHaveWritten || (failure.status !== 502 && failure.status !== 503)) return failure;
    return new HangarError('internal', {
      detail: `after a write to Fly.io: ${failure.message}`,
      cause: error,
    });
  }

  /**
   * Whether the workspace is open and the environment is the one that was judged, read from the rows now.
   * @throws HangarError `not_found`, `state_conflict` or `gone`
   */
  async check(): Promise<void> {
    const lookedAt = this.#now().getTime();
    await this.#look();
    this.#lookedAt = lookedAt;
  }

  async #look(): Promise<void> {
    const { environment, workspace } = this.caller;
    if (environment === undefined) {
      const found = await this.#store.workspace(workspace.number);
      if (found?.closedAt !== undefined || !found) throw closed();
      return;
    }
    const found = await this.#store.standing(environment.id);
    if (found?.closed) throw closed();
    if (found?.phase === 'ready' && found.generation === environment.generation) return;
    if (found?.phase === 'ready')
      throw new HangarError('state_conflict', { public: 'the app changed while the request was at work' });
    throw new HangarError('not_found', { public: 'app not found' });
  }

  /**
   * To be called after every wait that ends in an effect or a kept answer: the credential is judged once more, its end
   * too, and the environment. It counts as one more use of the token.
   * @throws HangarError as the first judgement, or as {@link check} does
   */
  async checkAfterWait(): Promise<void> {
    await this.judgeAgain();
    await this.check();
  }

  /**
   * The credential alone, for what may be done to an environment in any phase.
   * @throws HangarError as the first judgement
   */
  async judgeAgain(): Promise<void> {
    const verified = await this.#verifyAgain();
    const ended = expired(verified, this.caller.workspace, this.#now());
    if (ended) throw ended;
  }

  /**
   * The same between two looks at something, without counting.
   * @throws HangarError as the first judgement, or as {@link check} does
   */
  async checkBetweenLooks(): Promise<void> {
    await this.#verifyAgain();
    await this.check();
  }

  /** What was looked up upstream for an effect took its time: the credential is judged once more before the effect. */
  async #beforeTry({ method }: UpstreamCall): Promise<void> {
    const now = this.#now().getTime();
    if (method === 'GET') {
      if (now - this.#lookedAt < JUDGED_MS) return;
    } else if (now - this.#judgedAt > JUDGED_MS) await this.judgeAgain();
    await this.check();
    if (this.#lost?.aborted)
      throw new HangarError('state_conflict', {
        public: 'another process has taken this request over',
        retryAfterSeconds: 2,
      });
  }

  async #verifyAgain(): Promise<AuthenticatedCaller> {
    const { caller, environment } = this;
    const judgedAt = this.#now().getTime();
    const again = await this.#permit.located.authentic.again();
    const verified = callerFor(again, environment);
    if (verified.workspace !== caller.workspace.number || verified.branch !== caller.verified.branch)
      throw new HangarError('token_revoked');
    this.#judgedAt = judgedAt;
    return verified;
  }
}

function closed(): HangarError {
  return new HangarError('gone', { public: 'the organization of this token was deleted' });
}

/** An exchange whose path names an app. */
export type AppExchange = Exchange & { readonly environment: Environment };

/** Narrows an exchange to one about an app; the route table guarantees it. */
export function appOf(exchange: Exchange): AppExchange {
  if (!isAboutApp(exchange))
    throw new HangarError('internal', { detail: `${exchange.plan.route.id} has no app in its path` });
  return exchange;
}

function isAboutApp(exchange: Exchange): exchange is AppExchange {
  return exchange.environment !== undefined;
}
