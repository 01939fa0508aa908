import { Button, Group, Modal, Radio, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { RevokedView, TokenView } from '../../wire.d.ts';
import { doomedQuestion, extensionPath, tokensKey } from '../api/questions.ts';
import { change } from '../api/request.ts';
import { useViewer } from '../layout/viewer.ts';
import { Failure } from './Failure.tsx';

/** How far a revocation goes, from one token to everything a person or an app has. */
type Reach = 'token' | 'creator' | 'app';

interface RevokeTokenProps {
  readonly extensionId: string;
  readonly token: TokenView;
}

/** Ends a token, or all of its creator or of its app, after saying by name what dies. */
export function RevokeToken({ extensionId, token }: RevokeTokenProps) {
  const viewer = useViewer();
  const memory = useQueryClient();
  const [open, { open: ask, close }] = useDisclosure(false);
  const [reach, setReach] = useState<Reach>('token');
  const revoke = useMutation({
    mutationFn: async () => {
      const path = `${extensionPath(extensionId)}/tokens`;
      await (reach === 'token'
        ? change<RevokedView>(`${path}/${encodeURIComponent(token.id)}/revoke`, viewer.csrfToken)
        : change<RevokedView>(`${path}/revoke-all`, viewer.csrfToken, targetOf(token, reach)));
      await memory.invalidateQueries({ queryKey: tokensKey(extensionId) });
    },
    onSuccess: close,
  });
  const begin = () => {
    revoke.reset();
    setReach('token');
    ask();
  };
  const creator = token.createdBy === viewer.user.id ? 'you' : token.createdBy;
  return (
    <>
      <Button
        size="compact-sm"
        variant="light"
        color="red"
        aria-label={`Revoke ${token.name}`}
        onClick={begin}
      >
        Revoke
      </Button>
      <Modal
        opened={open}
        onClose={close}
        title={`Revoke ${token.name}?`}
        centered
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <Stack>
          <Radio.Group label="What to end" value={reach} onChange={(value) => setReach(value)}>
            <Stack gap="xs" mt="xs">
              <Radio value="token" label="This token" />
              <Radio value="creator" label={`Every token that ${creator} created here`} />
              {token.app !== null && (
                <Radio value="app" label={`Every token for ${token.app.name ?? `app ${token.app.number}`}`} />
              )}
            </Stack>
          </Radio.Group>
          <WhatDies extensionId={extensionId} token={token} reach={reach} />
          {revoke.isError && <Failure error={revoke.error} what="It was not done" />}
          <Group justify="flex-end">
            <Button variant="default" onClick={close} data-autofocus>
              Cancel
            </Button>
            <Button color="red.8" loading={revoke.isPending} onClick={() => revoke.mutate()}>
              Revoke
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}

function WhatDies({ extensionId, token, reach }: RevokeTokenProps & { readonly reach: Reach }) {
  const doomed = useQuery({
    ...doomedQuestion(extensionId, reach === 'token' ? {} : targetOf(token, reach)),
    enabled: reach !== 'token',
  });
  const names = reach === 'token' ? [token.name] : (doomed.data?.items.map(({ name }) => name) ?? []);
  return (
    <Stack gap="xs" aria-live="polite">
      {reach !== 'token' && doomed.isError && (
        <Failure error={doomed.error} what="They could not be listed" />
      )}
      {reach !== 'token' && names.length > 0 && (
        <>
          <Text size="sm" fw={600}>
            {names.length === 1 ? 'This token dies:' : `These ${names.length} tokens die:`}
          </Text>
          <ul className="doomed">
            {names.map((name, index) => (
              <li key={`${index} ${name}`}>{name}</li>
            ))}
            {doomed.data?.next !== null && <li>and more</li>}
          </ul>
        </>
      )}
      <Text size="sm">
        {reach === 'token'
          ? 'It stops working at once, and so does every token narrowed or minted from it. This cannot be undone.'
          : 'They stop working at once, with every token narrowed or minted from them. This cannot be undone.'}
      </Text>
    </Stack>
  );
}

function targetOf(token: TokenView, reach: Exclude<Reach, 'token'>): Record<string, string> {
  return reach === 'app' && token.app !== null ? { app: token.app.number } : { creator: token.createdBy };
}
