import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { PGlite } from '@electric-sql/pglite';
import { expect, inject, test } from 'vitest';
import { createSealer, Secret, type Sealer } from '@hangar/security';
import { embeddedStore, migrateEmbedded, sealedFact, type Store } from '@hangar/store';

const key = (id: string): Secret => Secret.of(`${id}:${randomBytes(32).toString('base64')}`);
const fact = async (store: Store, sealer: Sealer): Promise<string> =>
  (
    await sealedFact(store.db, sealer, {
      name: 'kept',
      make: () => 'what was sealed',
      now: () => new Date(0),
    })
  ).reveal();

test('KEY-9: a restored dump opens with the keys of its time, also behind newer ones, and with no others', async () => {
  const template = inject('pgliteTemplate');
  const first = await PGlite.create(
    inject('postgresUrl') === '' ? { loadDataDir: new Blob([readFileSync(template)]) } : {},
  );
  await migrateEmbedded(first);
  const [ours, newer] = [key('ours'), key('newer')];
  expect(await fact(embeddedStore(first), createSealer([ours]))).toBe('what was sealed');
  const dump = await first.dumpDataDir('none');
  await first.close();

  const restored = embeddedStore(await PGlite.create({ loadDataDir: dump }));
  expect(await fact(restored, createSealer([ours]))).toBe('what was sealed');
  expect(await fact(restored, createSealer([newer, ours]))).toBe('what was sealed');
  await expect(fact(restored, createSealer([newer]))).rejects.toMatchObject({
    code: 'config_invalid',
    sentence: expect.stringContaining('HANGAR_MASTER_KEYS does not open what this database holds'),
  });
  await restored.close();
});
