import { Button, Paper, Stack, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import type { SignedOutView } from '../../wire.d.ts';
import { Command } from '../parts/Command.tsx';

interface SignInPageProps {
  readonly signedOut: SignedOutView;
  readonly returnTo: string;
}

/** For strangers: how to come in. There are no passwords here; Fly.io vouches for people. */
export function SignInPage({ signedOut, returnTo }: SignInPageProps) {
  useDocumentTitle(`Sign in · ${signedOut.product.name}`);
  return (
    <Paper withBorder className="panel" p="xl" maw={560} mx="auto">
      <Stack>
        <Title order={1} size="h2">
          {returnTo === '/' ? `Sign in to ${signedOut.product.name}` : 'Sign in to see this page'}
        </Title>
        <Text>
          You sign in with your Fly.io account; there is no separate password. The quickest way is from your
          app's folder, in a terminal:
        </Text>
        <Command text={signedOut.product.command} />
        <Text>
          It opens your browser on the page of your app's extension, already signed in. Or start here:
        </Text>
        <Button component="a" href={signedOut.signInUrl}>
          Sign in with Fly.io
        </Button>
        <Text size="sm" c="dimmed">
          We learn your Fly.io user id, the relay address Fly.io gives for you, and your role in the
          organizations that use {signedOut.product.name}.
        </Text>
      </Stack>
    </Paper>
  );
}
