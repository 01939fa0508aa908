// The statements that pgbench runs beside a provisioning. Imported by its benchmark.

/** Five tables with nothing but their keys: what a provisioning is about at least. */
export const FLOOR_TABLES = `
  create table floor_nonces (nonce text primary key, digest text, expires_at timestamptz);
  create table floor_organizations (id text primary key, name text, at timestamptz);
  create table floor_users (id text primary key, email text, at timestamptz);
  create table floor_memberships (organization text, person text, role text, primary key (organization, person));
  create table floor_extensions (id text primary key, name text, organization text, person text, config bytea, at timestamptz)`;

export function floorScript() {
  return `\\set id random(1, 9000000000000000)
with nonce as (insert into floor_nonces values (:id::text, 'digest', now()) on conflict do nothing returning nonce),
organization as (insert into floor_organizations select nonce, 'High Flyers', now() from nonce
  on conflict (id) do update set at = excluded.at returning id),
person as (insert into floor_users select id, 'v9WvKokd@customer.fly.io', now() from organization
  on conflict (id) do update set at = excluded.at returning id),
membership as (insert into floor_memberships select id, id, 'admin' from person
  on conflict (organization, person) do update set role = excluded.role returning person)
insert into floor_extensions select person, person, person, person, decode(repeat('00', 700), 'hex'), now() from membership;
`;
}

/** Values that differ from call to call, as a statement can make them of a number. */
const UNIQUE = new Map([
  ['the-text', `:id::text`],
  ['the-id', `lpad(to_hex(:id::bigint), 32, '0')`],
  ['the-number', ':id'],
  ['the-digests', `('{' || :id::text || '}')`],
]);
const [TEXT, ID, NUMBER, DIGESTS] = UNIQUE.keys();

/** Our own statement with the values of a usual call: what the store would send is caught on its way, and written for pgbench. */
export async function statementScript(createStore) {
  let sent;
  const client = {
    query: async (question) => {
      sent = question;
      return { rows: [{ known: 1, fresh: 0, made: 0 }] };
    },
  };
  await createStore({ _: { session: { client } } }).extensions.insertSigned(sample());
  const constants = {};
  const script = sent.text.replaceAll(/\$(\d+)/g, (_, place) => {
    const value = sent.values[Number(place) - 1];
    const unique = UNIQUE.get(Array.isArray(value) ? value[0] : value);
    if (unique !== undefined) return `(${unique})`;
    if (value === null) return 'null';
    constants[`v${place}`] = written(value);
    return `:v${place}`;
  });
  // pgbench ends a statement at its semicolon; the lines before it are one.
  return { script: `\\set id random(1, 9000000000000000)\n${script};\n`, constants };
}

function written(value) {
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`;
  return Array.isArray(value) ? `{${value.join(',')}}` : String(value);
}

function sample() {
  const at = new Date();
  const later = new Date(at.getTime() + 600_000);
  const caveats =
    '[{"type":"Organization","body":{"id":70001,"mask":31}},{"type":"ValidityWindow","body":{"not_before":1800000000,"not_after":1831536000}}]';
  return {
    nonce: { nonce: TEXT, digest: 'd'.repeat(64), expiresAt: later, now: at },
    evidence: {
      organization: { id: TEXT, name: 'High Flyers', email: null },
      user: { id: TEXT, email: 'v9WvKokd@customer.fly.io', name: null },
      role: 'admin',
      at,
    },
    record: {
      id: ID,
      flyId: TEXT,
      name: TEXT,
      requestedName: TEXT,
      organizationId: TEXT,
      userId: TEXT,
      plan: null,
      primaryRegion: 'mad',
      readRegions: ['scl', 'syd'],
      ipAddress: 'fdaa:0:47fb:0:1::1d',
      options: {},
      flyAppName: null,
      status: 'ready',
      statusDetail: null,
      errorMessage: null,
      createdAt: at,
      updatedAt: at,
      provisionedAt: at,
      deletedAt: null,
      fingerprint: 'f'.repeat(64),
      sealedConfig: new Uint8Array(700),
      operation: null,
      lease: null,
    },
    rows: {
      kind: 'workspace',
      workspace: { number: NUMBER, slug: TEXT, extensionId: ID, organizationId: TEXT, createdAt: at },
      key: { number: NUMBER, workspace: NUMBER, sealed: new Uint8Array(150), createdAt: at },
      token: {
        id: ID,
        workspace: NUMBER,
        keyNumber: NUMBER,
        name: TEXT,
        preset: 'org',
        creator: 'provisioning',
        depth: 1,
        parts: [{ digest: DIGESTS }],
        caveats,
        summary: ['Only organization 70001, every action.', 'Only until 2028-01-15.'],
        endsWith: 'abcd',
        createdAt: at,
        expiresAt: later,
      },
    },
  };
}
