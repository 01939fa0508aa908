import { Badge, Group, Table, Text, VisuallyHidden } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import type { DoneView, TokenView } from '../../wire.d.ts';
import { extensionPath, tokensQuestion } from '../api/questions.ts';
import { change } from '../api/request.ts';
import { useViewer } from '../layout/viewer.ts';
import { ConfirmedButton } from '../parts/ConfirmedButton.tsx';
import { Panel } from '../parts/Panel.tsx';
import { StateBadge } from '../parts/StateBadge.tsx';
import { When } from '../parts/When.tsx';

interface TokensProps {
  readonly extensionId: string;
  readonly mayAct: boolean;
}

/** The tokens that were minted for one extension. Their text is never here: it was shown once, to their creator. */
export function Tokens({ extensionId, mayAct }: TokensProps) {
  return (
    <Panel
      title="Tokens"
      question={tokensQuestion(extensionId)}
      isEmpty={({ items }) => items.length === 0}
      empty="No token was minted for this extension."
    >
      {({ items }) => (
        <Table horizontalSpacing="lg" verticalSpacing="sm">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Token and what it can do</Table.Th>
              <Table.Th>State</Table.Th>
              <Table.Th>Expires</Table.Th>
              <Table.Th>Last used</Table.Th>
              {mayAct && (
                <Table.Th>
                  <VisuallyHidden>Actions</VisuallyHidden>
                </Table.Th>
              )}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {items.map((token) => (
              <Table.Tr key={token.id}>
                <Table.Td miw={260}>
                  <WhatItCanDo token={token} />
                </Table.Td>
                <Table.Td>
                  <StateBadge state={token.state} />
                </Table.Td>
                <Table.Td>
                  <When at={token.expiresAt} />
                </Table.Td>
                <Table.Td>
                  <When at={token.lastUsedAt} />
                </Table.Td>
                {mayAct && (
                  <Table.Td ta="right">
                    {token.state === 'active' && <Revoke extensionId={extensionId} token={token} />}
                  </Table.Td>
                )}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Panel>
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
      <Text size="xs" c="dimmed" mt={4} component="div">
        Ends with …{token.endsWith}. {token.createdBy === null ? 'Created' : `Created by ${token.createdBy}`}{' '}
        <When at={token.createdAt} />
        {token.revokedAt !== null && (
          <>
            , revoked <When at={token.revokedAt} />
          </>
        )}
      </Text>
    </>
  );
}

function Revoke({ extensionId, token }: { readonly extensionId: string; readonly token: TokenView }) {
  const viewer = useViewer();
  const memory = useQueryClient();
  return (
    <ConfirmedButton
      label="Revoke"
      describedAs={`Revoke ${token.name}`}
      question={`Revoke ${token.name}?`}
      consequence="It stops working at once, and so does every narrower token made from it. This cannot be undone."
      color="red"
      act={async () => {
        const path = `${extensionPath(extensionId)}/tokens/${encodeURIComponent(token.id)}/revoke`;
        await change<DoneView>(path, viewer.csrfToken);
        await memory.invalidateQueries({ queryKey: tokensQuestion(extensionId).queryKey });
      }}
    />
  );
}
