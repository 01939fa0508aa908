import { Badge } from '@mantine/core';

const colors: Readonly<Record<string, string>> = {
  ready: 'teal',
  running: 'teal',
  active: 'teal',
  delivered: 'teal',
  started: 'teal',
  provisioning: 'blue',
  updating: 'blue',
  starting: 'blue',
  requested: 'blue',
  pending: 'blue',
  sending: 'blue',
  restoring: 'blue',
  degraded: 'yellow',
  retrying: 'yellow',
  deleting: 'yellow',
  quarantined: 'orange',
  error: 'red',
  failed: 'red',
  revoked: 'red',
};

/** A state in its own word; the coloured dot only underlines it. Words we don't know are shown as they are, in gray. */
export function StateBadge({ state }: { readonly state: string }) {
  return (
    <Badge variant="dot" radius="sm" color={colors[state] ?? 'gray.6'} tt="none" miw="max-content">
      {state}
    </Badge>
  );
}
