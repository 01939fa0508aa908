import { Code, Table, Text } from '@mantine/core';
import { eventsQuestion } from '../api/questions.ts';
import { MachineExit } from '../parts/MachineExit.tsx';
import { Panel } from '../parts/Panel.tsx';
import { StateBadge } from '../parts/StateBadge.tsx';
import { When } from '../parts/When.tsx';

/** What Fly.io told us about the machines of this extension. */
export function MachineEvents({ extensionId }: { readonly extensionId: string }) {
  return (
    <Panel
      title="Machine events"
      question={eventsQuestion(extensionId)}
      isEmpty={({ items }) => items.length === 0}
      empty="No machine of this extension has changed its state yet."
    >
      {({ items }) => (
        <Table horizontalSpacing="lg" verticalSpacing="sm">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Event</Table.Th>
              <Table.Th>Machine</Table.Th>
              <Table.Th>Status</Table.Th>
              <Table.Th>Received</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {items.map((event) => (
              <Table.Tr key={event.id}>
                <Table.Td className="name">{event.type}</Table.Td>
                <Table.Td>{event.machineId === null ? '–' : <Code>{event.machineId}</Code>}</Table.Td>
                <Table.Td>
                  {event.status === null ? '–' : <StateBadge state={event.status} />}
                  {event.exit !== null && (
                    <MachineExit exit={event.exit} alarming={event.status === 'failed'} />
                  )}
                </Table.Td>
                <Table.Td>
                  <When at={event.receivedAt} />
                  {event.times > 1 && (
                    <Text size="xs" c="dimmed">
                      {event.times} times
                    </Text>
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Panel>
  );
}
