import { Text } from '@mantine/core';
import type { MachineExitView } from '../../wire.d.ts';

/** Whether it starts again is told of an exit, and not of a machine that is down. */
type Exit = Omit<MachineExitView, 'restarting'> & Partial<MachineExitView>;

/** Why a machine ended by itself, in one line. */
export function MachineExit({ exit, alarming }: { readonly exit: Exit; readonly alarming: boolean }) {
  return (
    <Text size="xs" c={alarming ? 'red' : 'dimmed'} mt={4}>
      {sentenceOf(exit)}
    </Text>
  );
}

/** Reasons that are a word of ours. Those of the platform are sentences already. */
const words: Readonly<Record<string, string>> = {
  out_of_memory: 'out of memory',
  exited: 'ended by itself',
  restarting: 'ends again and again',
  not_launched: 'never started',
};

function sentenceOf({ reason, exitCode, oomKilled, restarting }: Exit): string {
  const parts = new Set([
    ...(oomKilled ? ['out of memory'] : []),
    ...(reason === null ? [] : [words[reason] ?? reason]),
    ...(exitCode === null ? [] : [`exit code ${exitCode}`]),
    ...(restarting === true ? ['restarting'] : []),
  ]);
  return parts.size === 0 ? 'ended by itself' : [...parts].join(', ');
}
