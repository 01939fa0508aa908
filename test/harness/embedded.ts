import { readFileSync } from 'node:fs';
import { PGlite } from '@electric-sql/pglite';
import { embeddedStore, type Store } from '@hangar/store';

/**
 * Engines that were used and given back. One takes half a second of processor time to start and a few milliseconds to empty.
 * Test files of one process share them, one at a time has each.
 */
const idle: Engine[] = [];

interface Engine {
  readonly client: PGlite;
  /** The catalogue as the template had it. */
  readonly form: string;
}

/** What a test can change about tables, sequences, triggers and functions. Whoever does gives back an engine that is thrown away. */
const FORM = `select md5(string_agg(line, '|' order by line)) as form from (
  select format('%s.%s.%s %s %s', relnamespace, relname, attname, atttypid, attnotnull) as line from pg_class join pg_attribute on attrelid = pg_class.oid
    where relnamespace not in ('pg_catalog'::regnamespace, 'pg_toast'::regnamespace)
  union all select format('%s %s', tgrelid, tgname) from pg_trigger
  union all select format('%s %s', conrelid, conname) from pg_constraint
  union all select format('function %s', oid) from pg_proc where oid >= 16384
  union all select format('schema %s', nspname) from pg_namespace where nspname !~ '^pg_temp') as lines`;

/** No rows but those of the migrations, and every sequence at its beginning. Tables that nobody wrote to are left alone. */
const EMPTY = `do $$
declare
  name text;
  filled boolean;
  written text[] := '{}';
begin
  for name in select oid::regclass::text from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace loop
    execute format('select exists (select from %s)', name) into filled;
    if filled then written := written || name; end if;
  end loop;
  if written <> '{}' then execute 'truncate ' || array_to_string(written, ', ') || ' cascade'; end if;
  perform setval(seqrelid, seqstart, false) from pg_sequence join pg_class on pg_class.oid = seqrelid
    where relnamespace = 'public'::regnamespace;
end $$`;

/** An embedded database that holds what the template holds: a fresh one, or one that is done with, emptied. */
export async function openEmbedded(template: string): Promise<Store> {
  const engine = (await emptied(idle.pop())) ?? (await fromTemplate(template));
  const stops = new Set<() => Promise<void>>();
  let isOpen = true;
  const client = new Proxy(engine.client, {
    get(target, member) {
      // What a test left running would otherwise write into the database of the next one.
      if (!isOpen && (member === 'query' || member === 'exec' || member === 'transaction'))
        return () => Promise.reject(new Error('PGlite is closed'));
      const value: unknown = Reflect.get(target, member);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  const store = embeddedStore(client);
  return {
    ...store,
    listen: async (channel, heard) => {
      const stop = await store.listen(channel, heard);
      stops.add(stop);
      return async () => {
        if (stops.delete(stop)) await stop();
      };
    },
    close: async () => {
      if (!isOpen) throw new Error('PGlite is closed');
      for (const stop of stops) await stop();
      isOpen = false;
      idle.push(engine);
    },
  };
}

async function fromTemplate(template: string): Promise<Engine> {
  const client = await PGlite.create({ loadDataDir: new Blob([readFileSync(template)]) });
  return { client, form: await formOf(client) };
}

async function emptied(engine: Engine | undefined): Promise<Engine | undefined> {
  if (engine === undefined) return undefined;
  if ((await formOf(engine.client)) === engine.form) {
    await engine.client.exec(EMPTY);
    return engine;
  }
  await engine.client.close();
  return undefined;
}

async function formOf(client: PGlite): Promise<string> {
  const { rows } = await client.query<{ form: string }>(FORM);
  return rows[0]!.form;
}
