import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { encodeToken, LOCATIONS, mint, type Caveat } from '@hangar/macaroon';
import { describe, expect, test } from 'vitest';
import { auditFolder, type AuditReport, OFFLINE_RULES, type Severity } from '../src/index.ts';

/** The day on which every audit of a test takes place. */
export const NOW = new Date('2026-11-28T12:00:00Z');
const DAY_S = 86_400;
const NOW_S = NOW.getTime() / 1000;

/** Texts by their paths. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/** A folder with these files, for as long as `use` runs. */
export function inFolder<T>(files: Files, use: (folder: string) => T, git = false): T {
  const folder = mkdtempSync(join(tmpdir(), 'hangar-audit-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    if (git) {
      execFileSync('git', ['init', '-q'], { cwd: folder });
      execFileSync('git', ['add', '-f', '--', '.'], { cwd: folder });
    }
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function auditOf(files: Files, only?: readonly string[], git = false): AuditReport {
  return inFolder(files, (folder) => auditFolder(folder, { now: NOW, only }), git);
}

/** One fixture: the text of the usual file, or several files. */
export type Fixture = string | Files;

interface Cases {
  /** Where a text that stands alone goes. */
  readonly file?: string;
  readonly git?: boolean;
  /** The severity that every bad one has, where it is not the rule's own. */
  readonly severity?: Severity;
  readonly bad: readonly Fixture[];
  readonly good: readonly Fixture[];
}

/** Holds a rule to its fixtures: each bad one is found, each good one is not, and nothing is left unread. */
export function ruleCases(id: string, { file = 'fly.toml', git = false, severity, bad, good }: Cases): void {
  const filesOf = (fixture: Fixture): Files => (typeof fixture === 'string' ? { [file]: fixture } : fixture);
  describe(`rule ${id}`, () => {
    test('has at least five fixtures of each kind', () => {
      expect([bad.length >= 5, good.length >= 5]).toEqual([true, true]);
    });
    test.each(bad.map((fixture, index) => [index + 1, fixture] as const))(
      'finds bad fixture %i',
      (_, fixture) => {
        const found = auditOf(filesOf(fixture), [id], git).findings;
        const wanted = severity ?? OFFLINE_RULES.find((rule) => rule.id === id)?.severity;
        expect(found.map((one) => one.severity)).toContain(wanted);
      },
    );
    test.each(good.map((fixture, index) => [index + 1, fixture] as const))(
      'says nothing of good fixture %i',
      (_, fixture) => {
        const { findings, problems } = auditOf(filesOf(fixture), [id], git);
        expect({
          findings: findings.filter((one) => severity === undefined || one.severity === severity),
          problems,
        }).toEqual({ findings: [], problems: [] });
      },
    );
  });
}

/** A token as Fly.io makes them. Its key is nobody's. */
export function token(kind: { days?: number; app?: boolean; location?: string } = {}): string {
  const caveats: Caveat[] = [{ type: 'Organization', id: 4n, mask: 31 }];
  if (kind.app !== false) caveats.push({ type: 'Apps', apps: new Map([[77n, 31]]) });
  if (kind.days !== undefined)
    caveats.push({
      type: 'ValidityWindow',
      notBefore: NOW_S - 400 * DAY_S,
      notAfter: NOW_S + kind.days * DAY_S,
    });
  return encodeToken(
    mint({
      key: new Uint8Array(32).fill(7),
      keyId: new Uint8Array(16).fill(1),
      location: kind.location ?? LOCATIONS.permission,
      caveats,
    }),
  );
}
