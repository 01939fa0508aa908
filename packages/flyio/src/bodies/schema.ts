/**
 * The JSON bodies that the Machines API reads, as one table: object by object, member by member, down to each leaf. The
 * objects go by the names they have in Fly.io's OpenAPI document; a test holds the table against that document.
 */
import { MACHINE_CONFIG } from './machine-config.ts';
import { REQUESTS } from './requests.ts';

/** What a leaf holds. Those behind the blank line are of a JSON type too, and mean something that a policy may judge. */
export type Leaf =
  | 'text'
  | 'flag'
  /** A whole number, zero or more. */
  | 'count'
  /** A whole number of either sign. */
  | 'whole'
  /** Any number. */
  | 'number'
  /** A Go duration such as `1m30s`, or whole nanoseconds. */
  | 'duration'
  | 'text-or-flag'
  | 'text-or-count'
  /** What a response header is set to: a text, several, or false for none. */
  | 'header-value'

  /** A container image reference. */
  | 'image'
  /** A region's code, a list of them with commas, or an alias. */
  | 'region'
  | 'cpu-kind'
  | 'cpus'
  /** Memory of a machine in MB. */
  | 'memory'
  /** The old way to write a guest: `shared-cpu-2x`. */
  | 'preset'
  /** Size of a disk in GB. */
  | 'gigabytes'
  /** A volume's id, or its name within the app. */
  | 'volume'
  | 'volume-id'
  /** The name of a variable that a process gets. */
  | 'variable'
  /** Variables that a process gets: texts by their names. */
  | 'variables'
  /** A machine's metadata: texts by their keys. */
  | 'metadata'
  /** The same, where null removes a key. */
  | 'metadata-changes'
  /** Secrets by their names; null removes one. */
  | 'secret-changes';

/** Every object of the table. */
export type SchemaName = keyof typeof MACHINE_CONFIG | keyof typeof REQUESTS;

type Item = Leaf | SchemaName;

/** What a member holds: a leaf or an object, `[…]` a list of them, `{…}` a map from free names to them. */
export type Shape = Item | `[${Item}]` | `{${Item}}`;

/** The members of an object. Any other name is not known. */
export type Schema = Readonly<Record<string, Shape>>;

/** The whole table. */
export const SCHEMAS: Readonly<Record<SchemaName, Schema>> = { ...MACHINE_CONFIG, ...REQUESTS };

/** True for the name of an object in the table. */
export function isSchemaName(name: string): name is SchemaName {
  return Object.hasOwn(SCHEMAS, name);
}
