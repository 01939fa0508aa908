import { Badge, Group, Table, Text, VisuallyHidden } from '@mantine/core';
import { Fragment } from 'react';
import type { TokenView } from '../../wire.d.ts';
import { useViewer } from '../layout/viewer.ts';
import { RevokeToken } from './RevokeToken.tsx';
import { StateBadge } from './StateBadge.tsx';
import { When } from './When.tsx';

interface TokenTableProps {
  readonly extensionId: string;
  readonly mayAct: boolean;
  readonly items: readonly TokenView[];
}

/** Tokens of one extension: what each can do, who made it, who used it. Their text is never here. */
export function TokenTable({ extensionId, mayAct, items }: TokenTableProps) {
  return (
    <Table horizontalSpacing="lg" verticalSpacing="sm" className="stacked">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Token and what it can do</Table.Th>
          <Table.Th>State</Table.Th>
          <Table.Th>Expires</Table.Th>
          <Table.Th>Last used</Table.Th>
          <Table.Th>Created</Table.Th>
          {mayAct && (
            <Table.Th>
              <VisuallyHidden>Actions</VisuallyHidden>
            </Table.Th>
          )}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {items.map((token) => (
          <Table.Tr key={token.id} className={token.state === 'active' ? undefined : 'over'}>
            <Table.Td miw={260}>
              <WhatItCanDo token={token} />
            </Table.Td>
            <Table.Td data-label="State">
              <StateBadge state={token.state} />
            </Table.Td>
            <Table.Td data-label="Expires">
              <When at={token.expiresAt} />
            </Table.Td>
            <Table.Td data-label="Last used">
              <div>
                <When at={token.lastUsedAt} />
                {token.lastUsedFrom !== null && <Beneath>from {token.lastUsedFrom}</Beneath>}
              </div>
            </Table.Td>
            <Table.Td data-label="Created">
              <div>
                <When at={token.createdAt} />
                <Beneath>
                  by <Person id={token.createdBy} />
                </Beneath>
              </div>
            </Table.Td>
            {mayAct && (
              <Table.Td ta="right">
                {token.state === 'active' && <RevokeToken extensionId={extensionId} token={token} />}
              </Table.Td>
            )}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function WhatItCanDo({ token }: { readonly token: TokenView }) {
  return (
    <>
      <Group gap="xs">
        <Text size="sm" fw={600} className="name">
          {token.name}
        </Text>
        {token.preset !== null && (
          <Badge variant="default" radius="sm" tt="none" size="sm">
            {token.preset}
          </Badge>
        )}
      </Group>
      <ul className="abilities">
        {token.abilities.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
      <Beneath>
        Ends with …{token.endsWith}
        {token.app !== null && <>, for {token.app.name ?? `app ${token.app.number}`}</>}
        {token.state === 'active' &&
          token.parts.map(
            (part, index) =>
              part.revokedAt !== null && (
                <Fragment key={index}>
                  , part {index + 1} of {token.parts.length} revoked <When at={part.revokedAt} />
                </Fragment>
              ),
          )}
        {token.revokedAt !== null && (
          <>
            , revoked <When at={token.revokedAt} />
            {token.revokedBy !== null && (
              <>
                {' '}
                by <Person id={token.revokedBy} />
              </>
            )}
          </>
        )}
      </Beneath>
    </>
  );
}

function Beneath({ children }: { readonly children: React.ReactNode }) {
  return (
    <Text size="xs" c="dimmed" mt={4} component="div" className="beneath">
      {children}
    </Text>
  );
}

/** People are known by the id that Fly.io gives them; only the viewer is known by more. */
function Person({ id }: { readonly id: string }) {
  return useViewer().user.id === id ? 'you' : id;
}
