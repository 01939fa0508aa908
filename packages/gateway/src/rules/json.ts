import type { Json } from '@hangar/flyio';
import { HangarError } from '@hangar/http';

/** A refusal that names one field. */
export function invalid(field: string, fault: string): HangarError {
  return new HangarError('invalid', { public: `${field}: ${fault}`, fields: { [field]: fault } });
}

/** The members that are there. */
export function withoutNulls(value: Json): Json {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null));
}

/** True for a plain JSON object. */
export { isJsonObject as isObject } from '@hangar/flyio';
