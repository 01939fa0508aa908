import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openGatewayStage, type GatewayStage } from './gateway-stage.ts';
import { at, type Answered } from './stage.ts';

let stage: GatewayStage;
beforeAll(async () => {
  stage = await openGatewayStage();
  await stage.ask('machines', 'POST', '/v1/apps', { app_name: 'one' });
});
afterAll(() => stage.close());

async function asks(query: string): Promise<Answered> {
  return await stage.ask('api', 'POST', '/graphql', { query });
}

function wordsOf(answer: Answered): string {
  const [first] = (at(answer, 'errors') ?? []) as { message: string }[];
  return first?.message ?? '';
}

/** The same selection by many names. */
function many(count: number, selection: string): string {
  return Array.from({ length: count }, (_, index) => `n${index}: ${selection}`).join(' ');
}

describe('a short document that asks for much is refused', () => {
  it('before it is validated or answered, when aliases multiply one another', async () => {
    const fragments = `fragment A on Organization { ${many(12, 'addOns { ...B }')} }
      fragment B on AddOnConnection { ${many(12, '__typename')} }`;
    const refused = await asks(`{ ${many(12, 'organization { ...A }')} } ${fragments}`);
    expect([refused.status, wordsOf(refused)]).toEqual([200, 'the document selects more than 1000 fields']);
    expect(at(refused, 'data')).toBeUndefined();
    const repeated = await asks(`{ viewer { ${'id '.repeat(1_000)} } }`);
    expect(wordsOf(repeated)).toBe('the document selects more than 1000 fields');
    const unused = await asks(`{ viewer { id } } fragment A on App { ${'id '.repeat(1_000)} }`);
    expect(wordsOf(unused)).toBe('the document selects more than 1000 fields');
    const round = await asks('{ viewer { ...A } } fragment A on Macaroon { id ...A }');
    expect(wordsOf(round)).toContain('Cannot spread fragment "A" within itself');
  });

  it('when it asks about the schema', async () => {
    const refused = await asks('{ __schema { types { fields { name } } } }');
    expect(wordsOf(refused)).toContain('introspection');
    expect(at(await asks('{ viewer { __typename } }'), 'data')).toEqual({
      viewer: { __typename: 'Macaroon' },
    });
  });

  it('when its lists would be told more often than an answer may hold', async () => {
    const ports = Array.from({ length: 700 }, (_, index) => ({ port: index + 1, handlers: ['tls'] }));
    const config = { image: 'nginx', services: [{ protocol: 'tcp', internal_port: 80, ports }] };
    const made = await stage.ask('machines', 'POST', '/v1/apps/one/machines', { region: 'ams', config });
    expect(made.status).toBe(200);
    const few = await asks('{ app(name: "one") { services { ports { port handlers } } } }');
    expect(at(few, 'errors')).toBeUndefined();
    const refused = await asks(`{ app(name: "one") { services { ports { ${many(900, 'port')} } } } }`);
    expect(wordsOf(refused)).toMatch(/^the answer would list more than \d{3} things$/);
  });

  it('when the same large value would be told too often', async () => {
    const definition = { text: 'x'.repeat(50_000) };
    const order = { app_name: 'one', image: 'nginx', strategy: 'ROLLING', definition };
    expect((await stage.ask('api', 'POST', '/api/v1/releases', order)).status).toBe(201);
    const query = (count: number) => `{ app(name: "one") { ${many(count, 'config { definition }')} } }`;
    const told = { definition };
    expect(at(await asks(query(2)), 'data')).toEqual({ app: { n0: told, n1: told } });
    const refused = await asks(query(400));
    expect([refused.status, at(refused, 'code')]).toEqual([422, 'invalid']);
  });
});
