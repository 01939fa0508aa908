import { createSimulator, listen, simulatedSecrets, type DoorFetch, type Listening } from '@hangar/simulator';
import { Secret } from '@hangar/security';
import type { Person } from '../lab/stories.ts';

/** A webhook as it came in, before anybody judged it. */
export interface Hook {
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
  readonly atMs: number;
  /** What it was answered with. */
  readonly answered: number;
}

/** A request of the provider's to the OAuth endpoints. */
export interface OAuthRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: Headers;
  readonly body: string;
}

/** Replaces an answer of the twin's. `undefined` lets it stand. */
export type Mood = (request: Request, good: () => Promise<Response>) => Promise<Response>;

/** Fly.io as the provider sees it: a simulator in this process, with every answer in our hand. */
export interface Twin {
  readonly url: string;
  readonly clientId: string;
  readonly people: { readonly admin: Person; readonly member: Person; readonly outsider: Person };
  readonly hooks: readonly Hook[];
  readonly oauth: readonly OAuthRequest[];
  /** Sets how Fly.io behaves at `/oauth/token/info` until it is called again without a mood. */
  introspects(mood?: Mood): void;
  /** The same for the receiver of webhooks. */
  receives(mood?: Mood): void;
  /** From now on the person has this role in the organization of the admin, or none. */
  changeRole(person: Person, role: 'admin' | 'member' | undefined): void;
  /** The name that Fly.io tells of that person. */
  rename(person: Person, name: string): void;
  close(): Promise<void>;
}

/** How the provider knows Fly.io. */
export interface TwinOptions {
  /** The first of four ports; 0 takes free ones. */
  readonly port: number;
  readonly baseUrl: string;
  readonly slug: string;
  readonly provisioningSecret: Secret;
  readonly webhookSecret?: Secret | undefined;
  readonly clientId?: string | undefined;
  readonly clientSecret?: Secret | undefined;
  readonly now: () => Date;
}

/** Starts the twin. Rejects when a port is taken. */
export async function startTwin(options: TwinOptions): Promise<Twin> {
  const clientId = options.clientId ?? simulatedSecrets.oauthClientId;
  const simulator = createSimulator({
    provider: {
      baseUrl: options.baseUrl,
      slug: options.slug,
      provisioningSecret: options.provisioningSecret,
      webhookSecret: options.webhookSecret ?? Secret.of(simulatedSecrets.webhook),
    },
    oauth: {
      clientId,
      clientSecret: options.clientSecret ?? Secret.of(simulatedSecrets.oauthClientSecret),
      redirectUris: [`${options.baseUrl}/callback`],
    },
  });
  const hooks: Hook[] = [];
  const oauth: OAuthRequest[] = [];
  let introspection: Mood | undefined;
  let reception: Mood | undefined;

  const api: DoorFetch = async (request, context) => {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith('/api/hooks/extensions/')) {
      const body = await request.clone().text();
      const good = async (): Promise<Response> => await simulator.doors.api.fetch(request, context);
      const hook = { path: pathname, headers: request.headers, body, atMs: options.now().getTime() };
      const at = hooks.push({ ...hook, answered: 0 }) - 1;
      const answer = await (reception?.(request.clone(), good) ?? good());
      hooks[at] = { ...hook, answered: answer.status };
      return answer;
    }
    if (!pathname.startsWith('/oauth/token')) return await simulator.doors.api.fetch(request, context);
    const body = request.method === 'GET' ? '' : await request.clone().text();
    oauth.push({ method: request.method, target: context.rawTarget, headers: request.headers, body });
    const good = async (): Promise<Response> => await simulator.doors.api.fetch(request, context);
    return pathname === '/oauth/token/info' && introspection !== undefined
      ? await introspection(request, good)
      : await good();
  };

  const doors: Listening[] = [];
  try {
    for (const fetch of [
      api,
      simulator.doors.machines.fetch,
      simulator.doors.s3.fetch,
      simulator.doors.iam.fetch,
    ])
      doors.push(await listen(fetch, { port: options.port === 0 ? 0 : options.port + doors.length }));
  } catch (error) {
    for (const door of doors) await door.close();
    await simulator.close();
    throw error;
  }

  const { users } = simulator.world;
  const people = peopleOf(simulator.world);
  const organizationId = people.admin.organizationId;
  return {
    url: doors[0]?.url ?? '',
    clientId,
    people,
    hooks,
    oauth,
    introspects: (mood) => {
      introspection = mood;
    },
    receives: (mood) => {
      reception = mood;
    },
    changeRole(person, role) {
      const user = users.get(person.userId);
      if (user === undefined) throw new RangeError(`there is no user ${person.userId}`);
      const roles = new Map(user.roles);
      if (role === undefined) roles.delete(organizationId);
      else roles.set(organizationId, role);
      users.set(person.userId, { ...user, roles });
    },
    rename(person, name) {
      const user = users.get(person.userId);
      if (user === undefined) throw new RangeError(`there is no user ${person.userId}`);
      users.set(person.userId, { ...user, name });
    },
    async close() {
      for (const door of doors) await door.close();
      await simulator.close();
    },
  };
}

type World = ReturnType<typeof createSimulator>['world'];

/** The admin and a member of one organization, and somebody who is not in it. */
function peopleOf(world: World): Twin['people'] {
  const users = [...world.users.values()];
  const admin = users.find((user) => [...user.roles.values()].includes('admin'));
  const [organizationId = ''] = admin?.roles.keys() ?? [];
  const member = users.find((user) => user.roles.get(organizationId) === 'member');
  const outsider = users.find((user) => !user.roles.has(organizationId));
  const organization = [...world.organizations.values()].find((one) => one.id === organizationId);
  const personOf = (user: typeof admin, role: 'admin' | 'member'): Person => {
    if (user === undefined || organization === undefined)
      throw new RangeError('the simulated Fly.io lacks the people that the cases need');
    return {
      userId: user.id,
      email: user.email,
      organizationId,
      organizationName: organization.name,
      role,
    };
  };
  return {
    admin: personOf(admin, 'admin'),
    member: personOf(member, 'member'),
    outsider: personOf(outsider, 'member'),
  };
}
