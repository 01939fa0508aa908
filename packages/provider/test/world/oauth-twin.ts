import { createHash, randomBytes } from 'node:crypto';
import { serve, type TestServer } from './http.ts';

/** Somebody who can sign in at the twin. */
export interface Person {
  readonly id: string;
  name: string;
  email: string;
  organizations: { id: string; role: string }[];
}

/** A small Fly.io sign-on: authorize at once as `person`, then token and introspection over real HTTP. */
export interface OAuthTwin extends TestServer {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly tokenRequests: { headers: Record<string, unknown>; form: URLSearchParams }[];
  readonly introspections: { method: string; url: string; authorization: string | undefined }[];
  /** Replaces the answer of an endpoint: status and body. */
  tokenAnswer:
    | ((good: Record<string, unknown>) => { status: number; body: string; type?: string })
    | undefined;
  infoAnswer:
    | ((good: Record<string, unknown>) => { status: number; body: string; type?: string })
    | undefined;
  /** What Fly.io does when the person agrees: the address the browser is sent back to. */
  agree(authorize: URL, person: Person): URL;
}

export async function startOAuthTwin(now: () => number): Promise<OAuthTwin> {
  const codes = new Map<string, { person: Person; challenge: string; redirectUri: string }>();
  const tokens = new Map<string, Person>();
  const twin: OAuthTwin = {
    ...(await serve((request, body, response) => {
      const reply = (status: number, text: string, type = 'application/json'): void => {
        response.writeHead(status, { 'content-type': type });
        response.end(text);
      };
      if (request.method === 'POST' && request.url === '/oauth/token') {
        const form = new URLSearchParams(body);
        twin.tokenRequests.push({ headers: request.headers, form });
        const kept = codes.get(form.get('code') ?? '');
        codes.delete(form.get('code') ?? '');
        const challenge = createHash('sha256')
          .update(form.get('code_verifier') ?? '')
          .digest('base64url');
        const client =
          form.get('client_id') === twin.clientId && form.get('client_secret') === twin.clientSecret;
        if (!client) return reply(401, JSON.stringify({ error: 'invalid_client' }));
        if (
          kept === undefined ||
          kept.challenge !== challenge ||
          kept.redirectUri !== form.get('redirect_uri')
        ) {
          return reply(400, JSON.stringify({ error: 'invalid_grant' }));
        }
        const accessToken = `fo1_${randomBytes(32).toString('base64url')}`;
        tokens.set(accessToken, kept.person);
        const good = {
          access_token: accessToken,
          token_type: 'Bearer',
          expires_in: 7200,
          scope: 'read',
          created_at: now(),
        };
        const answer = twin.tokenAnswer?.(good);
        return answer === undefined
          ? reply(200, JSON.stringify(good))
          : reply(answer.status, answer.body, answer.type);
      }
      if (request.url === '/oauth/token/info') {
        const authorization = request.headers.authorization;
        twin.introspections.push({ method: request.method ?? '', url: request.url, authorization });
        const person = tokens.get((authorization ?? '').replace(/^Bearer /, ''));
        if (person === undefined) return reply(401, JSON.stringify({ error: 'invalid_token' }));
        const good = {
          resource_owner_id: person.id,
          user_id: person.id,
          user_name: person.name,
          email: person.email,
          organizations: person.organizations,
          scope: ['read'],
          expires_in: 7200,
          application: { uid: twin.clientId },
          created_at: now(),
        };
        const answer = twin.infoAnswer?.(good);
        return answer === undefined
          ? reply(200, JSON.stringify(good))
          : reply(answer.status, answer.body, answer.type);
      }
      return reply(404, '{}');
    })),
    clientId: 'logjam',
    clientSecret: 'oauth-client-secret-of-the-twin',
    tokenRequests: [],
    introspections: [],
    tokenAnswer: undefined,
    infoAnswer: undefined,
    agree(authorize, person) {
      const code = randomBytes(16).toString('hex');
      const redirectUri = authorize.searchParams.get('redirect_uri') ?? '';
      codes.set(code, { person, challenge: authorize.searchParams.get('code_challenge') ?? '', redirectUri });
      const back = new URL(redirectUri);
      back.searchParams.set('code', code);
      back.searchParams.set('state', authorize.searchParams.get('state') ?? '');
      return back;
    },
  };
  return twin;
}
