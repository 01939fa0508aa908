import { Alert, Code, Paper, Stack, Text } from '@mantine/core';
import { useDeferredValue, useMemo } from 'react';
import type { WorkspaceView } from '../../wire.d.ts';
import { isOAuthToken, readPasted, type PasteRefusal } from '../tokens/paste.ts';
import { NarrowToken } from './NarrowToken.tsx';
import { PasteBox } from './PasteBox.tsx';
import { namesOf } from './names.ts';

interface ReadTokenProps {
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly workspaces: readonly WorkspaceView[];
}

/** Paste a token, read what it says, weaken it. All of it happens here: no part of the text is sent anywhere. */
export function ReadToken({ text, onText, workspaces }: ReadTokenProps) {
  const settled = useDeferredValue(text);
  const read = useMemo(() => (settled.trim() === '' ? undefined : readPasted(settled)), [settled]);
  const names = useMemo(() => namesOf(workspaces), [workspaces]);
  return (
    <Stack gap="lg">
      <Paper className="panel" withBorder p="lg">
        <PasteBox
          label="Token"
          description="Ours or Fly.io's. It is decoded in this browser and sent nowhere."
          value={text}
          onChange={onText}
        />
        <div aria-live="polite">
          {read?.ok === false && <Unreadable refusal={read.reason} oauth={isOAuthToken(settled)} />}
        </div>
      </Paper>
      {read?.ok === true && (
        // A new text is a new form.
        <NarrowToken key={settled} pasted={read.value} names={names} />
      )}
    </Stack>
  );
}

function Unreadable({ refusal, oauth }: { readonly refusal: PasteRefusal; readonly oauth: boolean }) {
  const cut = refusal.code === 'token_truncated';
  return (
    <Alert
      color={cut ? 'orange' : 'red'}
      title={cut ? 'This token is cut off' : 'This cannot be read'}
      role="alert"
      mt="md"
    >
      <Text size="sm">
        {oauth
          ? 'This is an OAuth token: it is a key to a record at Fly.io and says nothing by itself. Treat it as a password.'
          : refusal.sentence}
      </Text>
      {cut && (
        <Text size="sm" mt={4}>
          Whether it is good cannot be said: a part was lost on the way, for instance in a terminal.
        </Text>
      )}
      <Code mt="xs">{refusal.code}</Code>
    </Alert>
  );
}
