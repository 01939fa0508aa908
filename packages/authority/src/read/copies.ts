import { parseBundle, type HeaderReason } from '@hangar/macaroon';
import { ok, type Result } from '@hangar/http';
import type { Branch } from '../ports.ts';
import { certainEnd } from '../caveats/validity.ts';
import type { RecognizedDischarge, RecognizedToken, TokenReader } from './token-reader.ts';

/** What a text holds that was signed here. */
export interface Copies {
  readonly tokens: readonly RecognizedToken[];
  readonly discharges: readonly RecognizedDischarge[];
}

/** The tokens and discharges of a text that we signed; forged and foreign ones are passed over. */
export async function copiesIn(
  text: string,
  deps: { location: string; reader: Pick<TokenReader, 'recognize' | 'recognizeDischarge'> },
): Promise<Result<Copies, HeaderReason>> {
  const bundle = parseBundle(text, deps.location);
  if (!bundle.ok) return bundle;
  const tokens: RecognizedToken[] = [];
  for (const macaroon of bundle.value.permission) {
    const token = await deps.reader.recognize(macaroon);
    if (token) tokens.push(token);
  }
  const discharges: RecognizedDischarge[] = [];
  for (const macaroon of bundle.value.discharges) {
    const discharge = await deps.reader.recognizeDischarge(macaroon);
    if (discharge) discharges.push(discharge);
  }
  return ok({ tokens, discharges });
}

/** These very copies by workspace, as targets of a revocation that ends what was narrowed from them too. */
export function branchesOf(tokens: readonly RecognizedToken[]): ReadonlyMap<bigint, readonly Branch[]> {
  const found = new Map<bigint, Branch[]>();
  for (const { id, workspace, branch, keyNumber, above, macaroon } of tokens) {
    const end = endOf(certainEnd(macaroon.caveats));
    const branches = found.get(workspace) ?? [];
    const of = { token: id, key: keyNumber, above };
    branches.push({ digest: branch, of, expiresAt: end });
    found.set(workspace, branches);
  }
  return found;
}

/** A holder may narrow to a time beyond all dates. */
function endOf(seconds: number | undefined): Date | undefined {
  const date = seconds === undefined ? undefined : new Date(seconds * 1000);
  return date === undefined || Number.isNaN(date.getTime()) ? undefined : date;
}
