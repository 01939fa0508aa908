import type { MachineProfile } from '@hangar/gateway';
import { MACHINE_PROFILES } from '@hangar/gateway/policy';
import { inWords } from '@hangar/http';
import { Secret } from '@hangar/security';
import {
  DevelopmentSecretsDamagedError,
  type DevelopmentSecrets,
  developmentFile,
  developmentSecrets,
  GENERATED_NAMES,
} from './development.ts';
import { badForm } from './forms.ts';
import { complaintAbout, splitList } from './parsers.ts';
import { choices, type Variable, type VariableName, variables } from './variables.ts';

/** One thing that is wrong: the variable and what to do about it, never its value. */
export interface ConfigProblem {
  readonly variable: string;
  readonly remedy: string;
}

/** One pass over the table: raw values, complaints, and what had to be generated. */
export class Reading {
  readonly problems: ConfigProblem[] = [];
  readonly generated: string[] = [];
  readonly #values = new Map<string, string>();
  readonly #table: readonly Variable[] = variables;

  constructor(environment: Readonly<Record<string, string | undefined>>) {
    const list: Readonly<Record<string, readonly string[]>> = choices;
    for (const row of this.#table) {
      const value = environment[row.name] ?? (row.alias === undefined ? undefined : environment[row.alias]);
      if (value === undefined || value === '') continue;
      const complaint = complaintAbout(row.kind, value, list[row.name]);
      if (complaint === undefined) this.#values.set(row.name, value);
      else this.complain(row.name, complaint);
    }
    const known = new Set(this.#table.map((row) => row.name));
    for (const name of Object.keys(environment)) {
      if (name.startsWith('HANGAR_') && !known.has(name)) {
        this.complain(name, 'is not a variable of Hangar; see docs/configuration.md for those that are');
      }
    }
  }

  complain(variable: string, remedy: string): void {
    this.problems.push({ variable, remedy });
  }

  /** The value as given, without defaults. */
  given(name: VariableName): string | undefined {
    return this.#values.get(name);
  }

  /** The value, or the default of the table, or nothing where a problem was noted already. */
  text(name: VariableName): string {
    return this.given(name) ?? this.#table.find((row) => row.name === name)?.fallback ?? '';
  }

  row(name: string): Variable | undefined {
    return this.#table.find((row) => row.name === name);
  }

  /** Of the values that the server reads, each must look like what gives it. */
  checkForms(): void {
    for (const row of this.#table) {
      const value = this.#values.get(row.name);
      const complaint =
        value === undefined || row.form === undefined || this.#complained(row.name)
          ? undefined
          : badForm(row.form, value);
      if (complaint !== undefined) this.complain(row.name, complaint);
    }
  }

  requireAll(): void {
    this.require(this.#table.filter((row) => row.requiredInReal === true).map((row) => row.name));
  }

  require(names: readonly string[]): void {
    for (const row of this.#table) {
      if (names.includes(row.name) && !this.#values.has(row.name) && !this.#complained(row.name)) {
        this.complain(
          row.name,
          `is required with HANGAR_FLY=real${row.givenBy === undefined ? '' : `; ${row.givenBy} gives it`}. ${row.sentence}`,
        );
      }
    }
  }

  generateMissing(dataDir: string): void {
    if (GENERATED_NAMES.every((name) => this.#values.has(name))) return;
    let made: DevelopmentSecrets;
    try {
      made = developmentSecrets(dataDir);
    } catch (error) {
      const file = developmentFile(dataDir);
      const code = (error as NodeJS.ErrnoException).code ?? inWords(error);
      this.complain(
        'HANGAR_DATA_DIR',
        error instanceof DevelopmentSecretsDamagedError
          ? `has its development secrets in ${file}, which is damaged. Restore that file: its HANGAR_MASTER_KEYS open the database. Without it, remove the file and ${dataDir} to begin anew`
          : code === 'ENOSPC'
            ? `has no room for its development secrets: the disk that holds ${file} is full. Make room, or choose a folder on another one`
            : `cannot be used for development secrets: ${file} (${code}); choose a folder this user may read and write`,
      );
      return;
    }
    for (const name of GENERATED_NAMES) {
      if (this.#values.has(name)) continue;
      this.#values.set(name, made[name]);
      this.generated.push(name);
    }
  }

  /** The value as a secret, where it is given. */
  secret(name: VariableName): Secret | undefined {
    const value = this.given(name);
    return value === undefined ? undefined : Secret.of(value);
  }

  machineProfile(): MachineProfile {
    const name = this.text('HANGAR_MACHINE_PROFILE');
    return MACHINE_PROFILES.find((each) => each === name) ?? 'none';
  }

  /** In simulator mode the operator's own organization is the one there is, so it need not be named. */
  allowedOrgs(fly: 'simulator' | 'real'): readonly string[] | '*' | undefined {
    const given = this.given('FLY_ALLOWED_ORGS');
    if (given !== undefined) return given.trim() === '*' ? '*' : splitList(given);
    return fly === 'simulator' && this.given('FLY_APP_NAME') === undefined
      ? [this.text('HANGAR_FLY_ORG')]
      : undefined;
  }

  #complained(name: string): boolean {
    return this.problems.some((problem) => problem.variable === name);
  }
}
