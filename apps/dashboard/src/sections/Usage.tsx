import { Table } from '@mantine/core';
import { usageQuestion } from '../api/questions.ts';
import { Panel } from '../parts/Panel.tsx';

const amount = new Intl.NumberFormat('en', { maximumFractionDigits: 2 });

/** What was metered this month (UTC); the bill is made from the same figures. */
export function Usage({ extensionId }: { readonly extensionId: string }) {
  return (
    <Panel
      title="Usage this month"
      question={usageQuestion(extensionId)}
      isEmpty={({ lines }) => lines.length === 0}
      empty="Nothing was metered this month."
    >
      {({ lines }) => (
        <Table horizontalSpacing="lg" verticalSpacing="sm">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Meter</Table.Th>
              <Table.Th ta="right">Quantity</Table.Th>
              <Table.Th>Unit</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {lines.map((line) => (
              <Table.Tr key={line.meter}>
                <Table.Td>{line.meter}</Table.Td>
                <Table.Td ta="right">{amount.format(line.quantity)}</Table.Td>
                <Table.Td>{line.unit}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Panel>
  );
}
