import { Alert, Box, Button, Group, NativeSelect, Paper, Stack, Switch, Text, Title } from '@mantine/core';
import { useInfiniteQuery, type UseQueryResult } from '@tanstack/react-query';
import { useState } from 'react';
import type { MintedView, MintingView, WorkspaceView } from '../../wire.d.ts';
import { tokenPagesQuestion } from '../api/questions.ts';
import { Failure } from '../parts/Failure.tsx';
import { TokenTable } from '../parts/TokenTable.tsx';
import { MintedToken } from './MintedToken.tsx';
import { MintToken } from './MintToken.tsx';

interface IssuedTokensProps {
  readonly minting: UseQueryResult<MintingView>;
  readonly chosen: string | undefined;
  readonly onChoose: (extensionId: string) => void;
  readonly onRead: (token: string) => void;
}

/** The tokens of one workspace, and a way to make another. */
export function IssuedTokens({ minting, chosen, onChoose, onRead }: IssuedTokensProps) {
  if (minting.data === undefined && minting.isError) {
    return (
      <Failure
        error={minting.error}
        what="Your workspaces could not be loaded"
        onRetry={() => void minting.refetch()}
      />
    );
  }
  if (minting.data === undefined) return <Text role="status">Loading …</Text>;
  const { workspaces } = minting.data;
  const workspace = workspaces.find(({ extensionId }) => extensionId === chosen) ?? workspaces[0];
  if (workspace === undefined) {
    return (
      <Text>
        None of your organizations has an extension here yet, so there is nothing to issue tokens for.
      </Text>
    );
  }
  return (
    <Stack gap="lg">
      {workspaces.length > 1 && (
        <NativeSelect
          label="Workspace"
          maw={420}
          value={workspace.extensionId}
          onChange={(event) => onChoose(event.currentTarget.value)}
          data={workspaces.map(({ extensionId, extensionName }) => ({
            value: extensionId,
            label: extensionName,
          }))}
        />
      )}
      <Workspace
        key={workspace.extensionId}
        workspace={workspace}
        presets={minting.data.presets}
        onRead={onRead}
      />
    </Stack>
  );
}

interface WorkspaceProps {
  readonly workspace: WorkspaceView;
  readonly presets: MintingView['presets'];
  readonly onRead: (token: string) => void;
}

function Workspace({ workspace, presets, onRead }: WorkspaceProps) {
  const mayAct = workspace.role === 'admin';
  const [making, setMaking] = useState(false);
  const [minted, setMinted] = useState<MintedView>();
  const done = (view: MintedView) => {
    setMaking(false);
    setMinted(view);
  };
  return (
    <>
      {!mayAct && (
        <Alert color="gray" variant="light" title="You are a member of this organization">
          You see its tokens. Minting and revoking is for its admins.
        </Alert>
      )}
      {mayAct && !making && minted === undefined && (
        <Group>
          <Button onClick={() => setMaking(true)}>New token</Button>
        </Group>
      )}
      {making && (
        <MintToken workspace={workspace} presets={presets} onDone={done} onCancel={() => setMaking(false)} />
      )}
      {minted !== undefined && (
        <MintedToken minted={minted} onRead={onRead} onStored={() => setMinted(undefined)} />
      )}
      <TokenList workspace={workspace} mayAct={mayAct} />
    </>
  );
}

function TokenList({ workspace, mayAct }: { readonly workspace: WorkspaceView; readonly mayAct: boolean }) {
  const [activeOnly, setActiveOnly] = useState(false);
  const pages = useInfiniteQuery(tokenPagesQuestion(workspace.extensionId, activeOnly));
  const items = pages.data?.pages.flatMap((page) => page.items);
  return (
    <Paper
      component="section"
      className="panel"
      withBorder
      aria-label="Issued tokens"
      aria-busy={pages.isPending}
    >
      <Group justify="space-between" px="lg" pt="md" pb="sm">
        <Title order={2} size="h4">
          {workspace.extensionName}
        </Title>
        <Switch
          label="Only active"
          checked={activeOnly}
          onChange={(event) => setActiveOnly(event.currentTarget.checked)}
        />
      </Group>
      {items === undefined && pages.isError && (
        <Box px="lg" pb="lg">
          <Failure
            error={pages.error}
            what="Tokens could not be loaded"
            onRetry={() => void pages.refetch()}
          />
        </Box>
      )}
      {items?.length === 0 && (
        <Text px="lg" pb="lg" size="sm" c="dimmed">
          {activeOnly ? 'No active token.' : 'No token was minted here yet.'}
        </Text>
      )}
      {items !== undefined && items.length > 0 && (
        <Box className="scrolled" tabIndex={0} role="region" aria-label="List of tokens">
          <TokenTable extensionId={workspace.extensionId} mayAct={mayAct} items={items} />
        </Box>
      )}
      {pages.hasNextPage && (
        <Box p="lg" className="more">
          <Button
            variant="default"
            size="xs"
            loading={pages.isFetchingNextPage}
            onClick={() => void pages.fetchNextPage()}
          >
            Older tokens
          </Button>
        </Box>
      )}
    </Paper>
  );
}
