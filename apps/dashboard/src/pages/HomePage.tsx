import { Stack, Table, Text, Title, Anchor } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { Link } from '@tanstack/react-router';
import type { ExtensionSummary } from '../../wire.d.ts';
import { extensionsQuestion } from '../api/questions.ts';
import { useViewer } from '../layout/viewer.ts';
import { Command } from '../parts/Command.tsx';
import { Panel } from '../parts/Panel.tsx';
import { StateBadge } from '../parts/StateBadge.tsx';
import { When } from '../parts/When.tsx';

/** Everything the viewer's organizations have. */
export function HomePage() {
  const viewer = useViewer();
  useDocumentTitle(viewer.product.name);
  return (
    <Stack gap="lg">
      <Title order={1} size="h2">
        Your extensions
      </Title>
      <Panel
        title="In your organizations"
        question={extensionsQuestion()}
        isEmpty={({ items }) => items.length === 0}
        empty="None of your organizations has an extension here yet. One made a moment ago appears by itself."
      >
        {({ items }) => <ExtensionTable items={items} />}
      </Panel>
      <Text size="sm" c="dimmed">
        Missing one? Its organization may be one you have not signed in for. From the app's folder:
      </Text>
      <Command text={viewer.product.command} />
    </Stack>
  );
}

function ExtensionTable({ items }: { readonly items: readonly ExtensionSummary[] }) {
  return (
    <Table horizontalSpacing="lg" verticalSpacing="sm" highlightOnHover>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Name</Table.Th>
          <Table.Th>Status</Table.Th>
          <Table.Th>Plan</Table.Th>
          <Table.Th>Region</Table.Th>
          <Table.Th>Organization</Table.Th>
          <Table.Th>Your role</Table.Th>
          <Table.Th>Created</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {items.map((extension) => (
          <Table.Tr key={extension.id}>
            <Table.Td className="name">
              <Anchor
                size="sm"
                fw={600}
                renderRoot={(props) => (
                  <Link to="/extensions/$extensionId" params={{ extensionId: extension.id }} {...props} />
                )}
              >
                {extension.name}
              </Anchor>
            </Table.Td>
            <Table.Td>
              <StateBadge state={extension.status} />
            </Table.Td>
            <Table.Td>{extension.plan ?? '–'}</Table.Td>
            <Table.Td>{extension.region ?? '–'}</Table.Td>
            <Table.Td>{extension.organizationId}</Table.Td>
            <Table.Td>{extension.role}</Table.Td>
            <Table.Td>
              <When at={extension.createdAt} />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
