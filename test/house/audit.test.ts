import { fileURLToPath } from 'node:url';
import { auditFolder, reaches } from '@hangar/audit';
import { expect, test } from 'vitest';

test('the audit of this repository, with its examples of deployments, finds nothing of medium or above', () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const { findings, problems, files } = auditFolder(root, { now: new Date('2026-11-28') });
  expect(
    findings.filter(({ severity }) => reaches(severity, 'medium')).map(({ rule, place }) => [rule, place]),
  ).toEqual([]);
  expect(problems).toEqual([]);
  expect(files).toBeGreaterThan(1_000);
});
