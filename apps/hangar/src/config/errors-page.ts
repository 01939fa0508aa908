import { errorReference } from '@hangar/http';

/** `docs/errors.md`, generated from the one error table. */
export function errorsPage(): string {
  const rows = errorReference().map(
    (row) =>
      `| \`${row.code}\` | ${row.status} | ${row.retryable ? 'yes' : 'no'} | ${row.sentence} | ${row.meaning} |`,
  );
  return [
    '# Errors',
    '',
    'Generated from `packages/http/src/error-table.ts`; change it there.',
    '',
    'Every refusal is JSON with `error` (a sentence for people), `code` (the contract: switch on it) and `request_id` (to quote',
    'when asking for help; the private reason is in the log under it). Some add members: `fields`, `caveat`, `location`.',
    'Where Fly.io has a status of its own for the same thing, the gateway answers with that one: a taken name is 422 there, for instance.',
    '',
    '| Code | Status | Retry the same request | What the outside hears | What it means |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}
