import { encodeToken, missingTickets, parseBundle, type HeaderReason, type Macaroon } from '@hangar/macaroon';
import { ok, refuse, type Clock, type Result } from '@hangar/http';
import { windowOf } from '../caveats/validity.ts';
import type { DischargeFailure, FetchedDischarges } from './fetch-discharges.ts';

/**
 * A discharge is renewed once this part of its life is over. Early, so that a third party may be down for eight of its
 * ten and a half minutes (docs/specs/token-format.md#keeping-discharges-fresh), with room for an attempt that hangs,
 * a pause after it, and a request that is still under way.
 */
const RENEW_AFTER = 0.15;

/** Seconds between attempts after failures: doubled up to the last, so that recovery is noticed in time. */
const BACK_OFF_SECONDS = [1, 2, 4, 8, 10];

/** Why there is no header to send. */
export interface KeeperReason {
  readonly code: 'discharge_required' | 'discharge_expired';
  readonly location: string;
  readonly sentence: string;
}

/** Keeps a bundle usable for as long as its permission tokens live. */
export interface DischargeKeeper {
  /**
   * The Authorization value to send now. Discharges that end within `needSeconds` (the caller's own
   * time limit, default 0) are not relied on: a request in flight must not outlive its discharge.
   */
  header(options?: { needSeconds?: number }): Promise<Result<string, KeeperReason>>;
  /** Renews what is due, now. Never throws. */
  renew(): Promise<void>;
}

/** What keeping needs. */
export interface DischargeKeeperOptions {
  /** Tokens as held: `fm2_…,fm2_…`, with or without scheme and discharges. */
  readonly tokens: string;
  readonly permissionLocation: string;
  /** Gets the discharges that the given tokens lack; `fetchDischarges` with its options filled in. */
  readonly fetch: (tokens: {
    readonly permission: readonly Macaroon[];
    readonly discharges: readonly Macaroon[];
  }) => Promise<FetchedDischarges>;
  readonly now: Clock;
}

/** Starts keeping; refuses a text without a permission token. Nothing is fetched before it is needed. */
export function createDischargeKeeper(
  options: DischargeKeeperOptions,
): Result<DischargeKeeper, HeaderReason> {
  const bundle = parseBundle(options.tokens, options.permissionLocation);
  if (!bundle.ok) return bundle;
  const { permission } = bundle.value;
  if (permission.length === 0) return refuse({ tag: 'no_macaroon' });
  return ok(keep(permission, bundle.value.discharges, options));
}

function keep(
  permission: readonly Macaroon[],
  given: readonly Macaroon[],
  { fetch, now }: DischargeKeeperOptions,
): DischargeKeeper {
  let discharges: readonly Macaroon[] = given;
  let failures: readonly DischargeFailure[] = [];
  let failed = 0;
  let retryAt = Number.NEGATIVE_INFINITY;
  let renewing: Promise<void> | undefined;

  const livingFor = (seconds: number): readonly Macaroon[] =>
    discharges.filter((discharge) => {
      const { notAfter } = windowOf(discharge.caveats);
      return notAfter === undefined || notAfter * 1000 >= now().getTime() + seconds * 1000;
    });

  const fresh = (): readonly Macaroon[] => discharges.filter((discharge) => !isDue(discharge, now()));

  async function fetchOnce(lacking: readonly Macaroon[]): Promise<void> {
    const fetched = await fetch({ permission, discharges: lacking }).catch(() => NOTHING_FETCHED);
    const replaced = new Set(fetched.discharges.map(ticketOf));
    discharges = [...discharges.filter((each) => !replaced.has(ticketOf(each))), ...fetched.discharges];
    failures = fetched.failures;
    // A discharge that is over when it comes is none; asking again at once would bring the same.
    const dead = missingTickets({ permission, discharges: livingFor(0) }).length > 0;
    const complete = fetched !== NOTHING_FETCHED && fetched.failures.length === 0 && !dead;
    failed = complete ? 0 : failed + 1;
    const pause = BACK_OFF_SECONDS[Math.min(failed, BACK_OFF_SECONDS.length) - 1] ?? 0;
    retryAt = now().getTime() + pause * 1000;
  }

  /** `kept` are the discharges that need no replacement. */
  async function renewUnless(kept: readonly Macaroon[]): Promise<void> {
    if (missingTickets({ permission, discharges: kept }).length === 0) return;
    if (failed > 0 && now().getTime() < retryAt) return;
    renewing ??= fetchOnce(kept).finally(() => {
      renewing = undefined;
    });
    await renewing;
  }

  return {
    renew: () => renewUnless(fresh()),
    header: async ({ needSeconds = 0 } = {}) => {
      if (missingTickets({ permission, discharges: livingFor(needSeconds) }).length > 0) {
        await renewUnless(livingFor(needSeconds));
      } else {
        // What is held still does; its successor may come whenever it comes.
        void renewUnless(fresh());
      }
      const living = livingFor(needSeconds);
      const [missing] = missingTickets({ permission, discharges: living });
      if (!missing) return ok(`FlyV1 ${[...permission, ...living].map(encodeToken).join(',')}`);
      const had = discharges.some((discharge) => Buffer.compare(discharge.nonce.keyId, missing.ticket) === 0);
      const why = failures.find((failure) => failure.location === missing.location);
      return refuse({
        code: had ? 'discharge_expired' : 'discharge_required',
        location: missing.location,
        sentence:
          `The discharge from ${missing.location} ${had ? 'has expired' : 'is missing'}` +
          ` and could not be had${why === undefined ? '' : `: ${why.sentence}`}.`,
      });
    },
  };
}

/** A fetch that threw instead of answering: as good as no answer from anybody. */
const NOTHING_FETCHED: FetchedDischarges = { discharges: [], failures: [] };

function isDue(discharge: Macaroon, at: Date): boolean {
  const { notBefore, notAfter } = windowOf(discharge.caveats);
  if (notAfter === undefined) return false;
  const start = notBefore ?? notAfter;
  return at.getTime() > (start + (notAfter - start) * RENEW_AFTER) * 1000;
}

function ticketOf(discharge: Macaroon): string {
  return Buffer.from(discharge.nonce.keyId).toString('base64');
}
