import { Alert, Button, Code, Group, Stack, Text } from '@mantine/core';
import { RequestFailed } from '../api/request.ts';

interface FailureProps {
  readonly error: unknown;
  /** What could not be done, for example "The tokens could not be loaded". */
  readonly what: string;
  readonly onRetry?: () => void;
}

/** An error a person can act on: what failed, why in one sentence, and the request id to report. */
export function Failure({ error, what, onRetry }: FailureProps) {
  const sentence = error instanceof Error ? error.message : 'Something unexpected happened in the page.';
  const requestId = error instanceof RequestFailed ? error.requestId : null;
  const fields = error instanceof RequestFailed ? Object.entries(error.fields) : [];
  return (
    <Alert color="red" title={what} role="alert">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{sentence}</Text>
        {fields.map(([name, fault]) => (
          <Text size="sm" key={name}>
            <Code>{name}</Code> {fault}
          </Text>
        ))}
        {requestId !== null && (
          <Text size="sm">
            Request id: <Code>{requestId}</Code>
          </Text>
        )}
        {onRetry !== undefined && (
          <Group>
            <Button size="xs" variant="default" onClick={onRetry}>
              Try again
            </Button>
          </Group>
        )}
      </Stack>
    </Alert>
  );
}
