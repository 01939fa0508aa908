import { Text } from '@mantine/core';
import type { MachineExitView } from '../../wire.d.ts';

/** Whether it starts again is told of an exit, and not of a machine that is down. */
type Exit = Omit<MachineExitView, 'restarting'> & Partial<MachineExitView>;

/** Why a machine ended by itself, in one line. */
export function MachineExit({
  exit,
  alarming,
}: {
  readonly exit: Exit;
  readonly alarming: boolean;
}) {
  return (
    <Text size="xs" c={alarming ? 'red' : 'dimmed'} mt={4}>
      {sentenceOf(exit)}
    </Text>
  );
}

function sentenceOf({ reason, exitCode, oomKilled, restarting }: Exit): string {
  const parts = [
    ...(oomKilled ? ['out of memory'] : []),
    ...(reason === null ? [] : [reason]),
    ...(exitCode === null ? [] : [`exit code ${exitCode}`]),
    ...(restarting === true ? ['restarting'] : []),
  ];
  return parts.length === 0 ? 'ended by itself' : parts.join(', ');
}
