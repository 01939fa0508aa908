import { Browser } from './browser.ts';
import type { DemoHouse } from './house.ts';
import { freshName } from '../processes/keep-running.ts';

/** What the steps of one demo learn from each other. */
export class Story {
  readonly house: DemoHouse;
  readonly browser = new Browser();
  /** Fly.io's id of the extension that is bought. */
  readonly flyId = freshName('demo');
  readonly appName = freshName('hf-u8123');
  readonly otherAppName = freshName('hf-u9000');
  /** When true, servers are killed in the middle of things. */
  readonly crashes: boolean;

  /** How many processes were killed so far. */
  killed = 0;

  extensionId = '';
  workspaceSlug = '';
  /** The customer's token, as it came in `config`. */
  token = '';
  /** The token narrowed to one app, `rC`, one hour. */
  narrowed = '';
  appNumber = 0n;
  machineId = '';
  /** The environment's own storage secret, as a machine of it sees it. */
  bucketSecret = '';

  constructor(house: DemoHouse, crashes: boolean) {
    this.house = house;
    this.crashes = crashes;
  }

  /** An address of the Machines API as the gateway serves it. */
  api(path: string): string {
    return `${this.house.gatewayUrl}${path}`;
  }

  /** An address of the simulated Fly.io's control surface. */
  fly(path: string): string {
    return `${this.house.flyUrl}/_fly${path}`;
  }

  /**
   * Does something during which the servers are killed (when this demo has crashes): the work goes on, because
   * whatever was acknowledged is kept and whatever was not is asked again.
   */
  async withCrash<T>(work: () => Promise<T>, afterMs: number): Promise<T> {
    if (!this.crashes) return await work();
    const running = work();
    // It is awaited below; should it fail while the servers are down, that is no unhandled rejection.
    running.catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    const { servers, authority } = this.house;
    const doomed = [...servers.map((server) => server.process), ...(authority ? [authority.process] : [])];
    await Promise.all(doomed.map(async (one) => await one.kill()));
    this.killed += doomed.length;
    return await running;
  }
}

/** What a step shows when it went well. Never a secret. */
export type Details = Readonly<Record<string, string | number | boolean>>;

/** One step of the one flow. */
export interface Step {
  readonly title: string;
  play(story: Story): Promise<Details>;
}
