import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { useEffect, useRef } from 'react';
import type { MintedView } from '../../wire.d.ts';
import { TokenText } from './TokenText.tsx';

interface MintedTokenProps {
  readonly minted: MintedView;
  readonly onRead: (token: string) => void;
  readonly onStored: () => void;
}

/** The one moment at which a new token can be seen. */
export function MintedToken({ minted, onRead, onStored }: MintedTokenProps) {
  const box = useRef<HTMLDivElement>(null);
  // People who cannot see the page must land on the token, not on the list below it.
  useEffect(() => box.current?.focus(), []);
  return (
    <Alert
      ref={box}
      tabIndex={-1}
      color="orange"
      variant="light"
      title={`${minted.item.name}: copy it now, it is shown only this once`}
      role="status"
    >
      <Stack>
        <Text size="sm">
          Hangar keeps no copy. Whoever has it can use it, so put it into a secret store and not into a chat
          or a repository. Lost or leaked, revoke it in the list below.
        </Text>
        <TokenText text={minted.token} label="The new token" />
        <Group justify="flex-end" gap="sm">
          <Button variant="default" size="xs" onClick={() => onRead(minted.token)}>
            Read and narrow it
          </Button>
          <Button variant="default" size="xs" onClick={onStored}>
            I have stored it
          </Button>
        </Group>
      </Stack>
    </Alert>
  );
}
