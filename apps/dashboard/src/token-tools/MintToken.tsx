import { Button, Group, NativeSelect, Paper, SimpleGrid, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import type { MintedView, MintWish, PresetView, WorkspaceView } from '../../wire.d.ts';
import { extensionPath, tokensKey } from '../api/questions.ts';
import { change, RequestFailed } from '../api/request.ts';
import { useViewer } from '../layout/viewer.ts';
import { Failure } from '../parts/Failure.tsx';
import { LIFETIMES, lifetimeWords } from './lifetimes.ts';

interface MintTokenProps {
  readonly workspace: WorkspaceView;
  readonly presets: readonly PresetView[];
  readonly onDone: (minted: MintedView) => void;
  readonly onCancel: () => void;
}

/** A new token for a workspace: what it is for, how long it lives, what to call it. */
export function MintToken({ workspace, presets, onDone, onCancel }: MintTokenProps) {
  const viewer = useViewer();
  const memory = useQueryClient();
  const [presetName, setPresetName] = useState('app-control');
  const [app, setApp] = useState(workspace.apps[0]?.number ?? '');
  const [name, setName] = useState('');
  const [lifetime, setLifetime] = useState('');
  const preset = presets.find((candidate) => candidate.name === presetName);
  const mint = useMutation({
    mutationFn: async () => {
      const wish: MintWish = {
        preset: presetName,
        name,
        ...(preset?.needsApp === true ? { app } : {}),
        ...(lifetime === '' ? {} : { lifetimeSeconds: Number(lifetime) }),
      };
      const path = `${extensionPath(workspace.extensionId)}/tokens/mint`;
      return await change<MintedView>(path, viewer.csrfToken, wish);
    },
    // The answer holds the token; it is not kept in the memory of answers.
    gcTime: 0,
    onSuccess: (minted) => {
      onDone(minted);
      void memory.invalidateQueries({ queryKey: tokensKey(workspace.extensionId) });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    mint.mutate();
  };
  const faults = mint.error instanceof RequestFailed ? mint.error.fields : {};
  return (
    <Paper component="section" className="panel" withBorder p="lg" aria-label="New token">
      <form onSubmit={submit}>
        <Stack>
          <Title order={2} size="h4">
            New token
          </Title>
          <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="md">
            <NativeSelect
              label="What it is for"
              description={preset?.purpose}
              value={presetName}
              onChange={(event) => setPresetName(event.currentTarget.value)}
              data={presets.map((each) => each.name)}
              error={faults['preset']}
            />
            {preset?.needsApp === true && (
              <NativeSelect
                label="App"
                description={
                  workspace.apps.length === 0 ? 'This workspace has no app yet' : 'The one app it is about'
                }
                value={app}
                onChange={(event) => setApp(event.currentTarget.value)}
                data={workspace.apps.map((each) => ({ value: each.number, label: each.name ?? each.number }))}
                error={faults['app']}
              />
            )}
            <TextInput
              label="Name"
              description="Who or what will hold it, for the list"
              placeholder="celery-autoscaler"
              required
              withAsterisk={false}
              maxLength={200}
              autoComplete="off"
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
              error={faults['name']}
            />
            <NativeSelect
              label="Lifetime"
              description="The shorter, the better; it can be revoked at any time"
              value={lifetime}
              onChange={(event) => setLifetime(event.currentTarget.value)}
              data={[
                { value: '', label: `As usual: ${lifetimeWords(preset?.lifetimeSeconds ?? 0)}` },
                ...LIFETIMES.map(({ seconds, words }) => ({ value: String(seconds), label: words })),
              ]}
              error={faults['expires_in'] ?? faults['lifetimeSeconds']}
            />
          </SimpleGrid>
          {mint.isError && <Failure error={mint.error} what="No token was made" />}
          <Group justify="space-between">
            <Text size="sm" c="dimmed">
              For {workspace.extensionName}, created by you
            </Text>
            <Group gap="sm">
              <Button variant="default" onClick={onCancel}>
                Cancel
              </Button>
              <Button
                type="submit"
                loading={mint.isPending}
                disabled={preset?.needsApp === true && app === ''}
              >
                Mint it
              </Button>
            </Group>
          </Group>
        </Stack>
      </form>
    </Paper>
  );
}
