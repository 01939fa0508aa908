import { Alert, Anchor, Group, Paper, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import type { ExtensionView } from '../../wire.d.ts';
import { extensionQuestion } from '../api/questions.ts';
import { RequestFailed } from '../api/request.ts';
import { useViewer } from '../layout/viewer.ts';
import { Command } from '../parts/Command.tsx';
import { Failure } from '../parts/Failure.tsx';
import { StateBadge } from '../parts/StateBadge.tsx';
import { When } from '../parts/When.tsx';
import { Deliveries } from '../sections/Deliveries.tsx';
import { Environments } from '../sections/Environments.tsx';
import { MachineEvents } from '../sections/MachineEvents.tsx';
import { Tokens } from '../sections/Tokens.tsx';
import { Usage } from '../sections/Usage.tsx';

const route = getRouteApi('/extensions/$extensionId');

/** Where single sign-on lands: one extension and everything it owns. */
export function ExtensionPage() {
  const { extensionId } = route.useParams();
  const viewer = useViewer();
  const extension = useQuery(extensionQuestion(extensionId));
  useDocumentTitle(`${extension.data?.name ?? 'Extension'} · ${viewer.product.name}`);
  return (
    <Stack gap="lg">
      <Anchor size="sm" w="fit-content" renderRoot={(props) => <Link to="/" {...props} />}>
        ← Your extensions
      </Anchor>
      {extension.data !== undefined && <Known extension={extension.data} />}
      {extension.data === undefined && extension.isPending && <Waiting />}
      {extension.data === undefined && extension.isError && (
        <Missing
          error={extension.error}
          command={viewer.product.command}
          onRetry={() => void extension.refetch()}
        />
      )}
    </Stack>
  );
}

function Known({ extension }: { readonly extension: ExtensionView }) {
  const mayAct = extension.role === 'admin';
  return (
    <>
      <Paper component="section" className="panel" withBorder p="lg" aria-label="About this extension">
        <Group gap="sm" mb="md">
          <Title order={1} size="h2" className="name">
            {extension.name}
          </Title>
          <StateBadge state={extension.status} />
        </Group>
        {extension.statusDetail !== null && (
          <Text size="sm" mb="md">
            {extension.statusDetail}
          </Text>
        )}
        <Facts extension={extension} />
      </Paper>
      {!mayAct && (
        <Alert color="gray" variant="light" title="You are a member of this organization">
          You see everything here. Minting and revoking tokens and sending webhooks again is for its admins.
        </Alert>
      )}
      <Environments extensionId={extension.id} />
      <Tokens extensionId={extension.id} mayAct={mayAct} />
      <Usage extensionId={extension.id} />
      <Deliveries extensionId={extension.id} mayAct={mayAct} />
      <MachineEvents extensionId={extension.id} />
    </>
  );
}

function Facts({ extension }: { readonly extension: ExtensionView }) {
  return (
    <dl className="facts">
      <div>
        <dt>Plan</dt>
        <dd>{extension.plan ?? '–'}</dd>
      </div>
      <div>
        <dt>Region</dt>
        <dd>{extension.region ?? '–'}</dd>
      </div>
      <div>
        <dt>Organization</dt>
        <dd>{extension.organizationId}</dd>
      </div>
      <div>
        <dt>Your role</dt>
        <dd>{extension.role}</dd>
      </div>
      <div>
        <dt>Created</dt>
        <dd>
          <When at={extension.createdAt} />
        </dd>
      </div>
      <div>
        <dt>Last change</dt>
        <dd>
          <When at={extension.updatedAt} />
        </dd>
      </div>
      <div className="wide">
        <dt>Id</dt>
        <dd>{extension.id}</dd>
      </div>
    </dl>
  );
}

interface MissingProps {
  readonly error: Error;
  readonly command: string;
  readonly onRetry: () => void;
}

function Missing({ error, command, onRetry }: MissingProps) {
  if (!(error instanceof RequestFailed) || error.status !== 404) {
    return <Failure error={error} what="The extension could not be loaded" onRetry={onRetry} />;
  }
  return (
    <Stack maw={640}>
      <Title order={1} size="h2">
        There is no such extension for you
      </Title>
      <Text>
        It may have been deleted, or it belongs to an organization you have not signed in for. To sign in for
        the organization of an app, run this in the app's folder:
      </Text>
      <Command text={command} />
    </Stack>
  );
}

function Waiting() {
  return (
    <Paper className="panel" withBorder p="lg" role="status" aria-label="Loading the extension">
      <Skeleton height={26} width="40%" mb="lg" />
      <Skeleton height={14} width="70%" mb="sm" />
      <Skeleton height={14} width="55%" />
    </Paper>
  );
}
