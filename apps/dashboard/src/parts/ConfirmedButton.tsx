import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation } from '@tanstack/react-query';
import { Failure } from './Failure.tsx';

interface ConfirmedButtonProps {
  readonly label: string;
  /** What a screen reader hears: the label alone would be the same in every row. */
  readonly describedAs: string;
  readonly question: string;
  readonly consequence: string;
  readonly color: string;
  readonly act: () => Promise<unknown>;
}

/** An action that asks first, shows its own failure, and cannot be started twice at once. */
export function ConfirmedButton(props: ConfirmedButtonProps) {
  const [open, { open: ask, close }] = useDisclosure(false);
  const action = useMutation({ mutationFn: props.act, onSuccess: close });
  const begin = () => {
    action.reset();
    ask();
  };
  return (
    <>
      <Button
        size="compact-sm"
        variant="light"
        color={props.color}
        aria-label={props.describedAs}
        onClick={begin}
      >
        {props.label}
      </Button>
      <Modal
        opened={open}
        onClose={close}
        title={props.question}
        centered
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <Stack>
          <Text size="sm">{props.consequence}</Text>
          {action.isError && <Failure error={action.error} what="It was not done" />}
          <Group justify="flex-end">
            <Button variant="default" onClick={close} data-autofocus>
              Cancel
            </Button>
            <Button color={`${props.color}.8`} loading={action.isPending} onClick={() => action.mutate()}>
              {props.label}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
