import { Code, Table, Text } from '@mantine/core';
import type { FailedMachineView } from '../../wire.d.ts';
import { environmentsQuestion } from '../api/questions.ts';
import { MachineExit } from '../parts/MachineExit.tsx';
import { Panel } from '../parts/Panel.tsx';
import { StateBadge } from '../parts/StateBadge.tsx';
import { When } from '../parts/When.tsx';

/** The user environments of one extension: app, network and bucket, each. */
export function Environments({ extensionId }: { readonly extensionId: string }) {
  return (
    <Panel
      title="Environments"
      question={environmentsQuestion(extensionId)}
      isEmpty={({ items }) => items.length === 0}
      empty="No environment yet. Each app that is created through the gateway with one of the tokens below becomes one."
    >
      {({ items }) => (
        <Table horizontalSpacing="lg" verticalSpacing="sm">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Name</Table.Th>
              <Table.Th>Phase</Table.Th>
              <Table.Th>Power</Table.Th>
              <Table.Th>Machines</Table.Th>
              <Table.Th>Bucket</Table.Th>
              <Table.Th>Created</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {items.map((environment) => (
              <Table.Tr key={environment.id}>
                <Table.Td className="name">
                  <Text size="sm" fw={600}>
                    {environment.name}
                  </Text>
                </Table.Td>
                <Table.Td>
                  <StateBadge state={environment.phase} />
                  {environment.failure !== null && (
                    <Text size="xs" c="dimmed" mt={4}>
                      {environment.failure}
                    </Text>
                  )}
                </Table.Td>
                <Table.Td>
                  <StateBadge state={environment.power} />
                  {environment.failedMachine !== null && (
                    <FailedMachine
                      machine={environment.failedMachine}
                      alarming={environment.power === 'failed'}
                    />
                  )}
                </Table.Td>
                <Table.Td>{environment.machines}</Table.Td>
                <Table.Td>{environment.bucket === null ? '–' : <Code>{environment.bucket}</Code>}</Table.Td>
                <Table.Td>
                  <When at={environment.createdAt} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Panel>
  );
}

function FailedMachine({
  machine,
  alarming,
}: {
  readonly machine: FailedMachineView;
  readonly alarming: boolean;
}) {
  return (
    <>
      <MachineExit exit={machine} alarming={alarming} />
      <Text size="xs" c="dimmed">
        machine <Code>{machine.id}</Code>
        {machine.at !== null && (
          <>
            , <When at={machine.at} />
          </>
        )}
      </Text>
    </>
  );
}
