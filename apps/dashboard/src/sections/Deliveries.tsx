import { Code, Table, VisuallyHidden } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import type { DeliveryView, DoneView } from '../../wire.d.ts';
import { deliveriesQuestion, extensionPath } from '../api/questions.ts';
import { change } from '../api/request.ts';
import { useViewer } from '../layout/viewer.ts';
import { ConfirmedButton } from '../parts/ConfirmedButton.tsx';
import { Panel } from '../parts/Panel.tsx';
import { StateBadge } from '../parts/StateBadge.tsx';
import { When } from '../parts/When.tsx';

interface DeliveriesProps {
  readonly extensionId: string;
  readonly mayAct: boolean;
}

/** What we told Fly.io about this extension, and whether it heard. */
export function Deliveries({ extensionId, mayAct }: DeliveriesProps) {
  return (
    <Panel
      title="Webhooks to Fly.io"
      question={deliveriesQuestion(extensionId)}
      isEmpty={({ items }) => items.length === 0}
      empty="Nothing was announced yet. Each change of this extension's state is told to Fly.io and listed here."
    >
      {({ items }) => (
        <Table horizontalSpacing="lg" verticalSpacing="sm">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Action</Table.Th>
              <Table.Th>Status</Table.Th>
              <Table.Th>Attempts</Table.Th>
              <Table.Th>Last answer</Table.Th>
              <Table.Th>Announced</Table.Th>
              <Table.Th>Delivered</Table.Th>
              {mayAct && (
                <Table.Th>
                  <VisuallyHidden>Actions</VisuallyHidden>
                </Table.Th>
              )}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {items.map((delivery) => (
              <Table.Tr key={delivery.id}>
                <Table.Td>
                  <Code>{delivery.action}</Code>
                </Table.Td>
                <Table.Td>
                  <StateBadge state={delivery.status} />
                </Table.Td>
                <Table.Td>{delivery.attempts}</Table.Td>
                <Table.Td>{delivery.lastStatus ?? '–'}</Table.Td>
                <Table.Td>
                  <When at={delivery.createdAt} />
                </Table.Td>
                <Table.Td>
                  <Outcome delivery={delivery} />
                </Table.Td>
                {mayAct && (
                  <Table.Td ta="right">
                    {delivery.attempts > 0 && <Redeliver extensionId={extensionId} delivery={delivery} />}
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

function Outcome({ delivery }: { readonly delivery: DeliveryView }) {
  if (delivery.deliveredAt === null && delivery.nextAttemptAt !== null) {
    return (
      <>
        next try <When at={delivery.nextAttemptAt} />
      </>
    );
  }
  return <When at={delivery.deliveredAt} none="not delivered" />;
}

function Redeliver({
  extensionId,
  delivery,
}: {
  readonly extensionId: string;
  readonly delivery: DeliveryView;
}) {
  const viewer = useViewer();
  const memory = useQueryClient();
  return (
    <ConfirmedButton
      label="Send again"
      describedAs={`Send ${delivery.action} again`}
      question={`Send ${delivery.action} again?`}
      consequence="Fly.io hears the extension's present state once more. Hearing it twice does no harm."
      color="indigo"
      act={async () => {
        const path = `${extensionPath(extensionId)}/deliveries/${encodeURIComponent(delivery.id)}/redeliver`;
        await change<DoneView>(path, viewer.csrfToken);
        await memory.invalidateQueries({ queryKey: deliveriesQuestion(extensionId).queryKey });
      }}
    />
  );
}
