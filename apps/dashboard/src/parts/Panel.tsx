import { Box, Paper, ScrollArea, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useQuery, type DefaultError, type QueryKey, type UseQueryOptions } from '@tanstack/react-query';
import { useId, type ReactNode } from 'react';
import { Failure } from './Failure.tsx';

interface PanelProps<Answer, Key extends QueryKey> {
  readonly title: string;
  readonly question: UseQueryOptions<Answer, DefaultError, Answer, Key>;
  readonly isEmpty: (answer: Answer) => boolean;
  /** One sentence for when there is nothing yet: what would appear here, and why. */
  readonly empty: string;
  readonly children: (answer: Answer) => ReactNode;
}

/** One section of a page: it asks its own question and shows loading, failure, emptiness or the answer. */
export function Panel<Answer, Key extends QueryKey>(props: PanelProps<Answer, Key>) {
  const answer = useQuery(props.question);
  const headingId = useId();
  return (
    <Paper
      component="section"
      className="panel"
      withBorder
      aria-labelledby={headingId}
      aria-busy={answer.isPending}
    >
      <Box px="lg" pt="md" pb="sm">
        <Title order={2} size="h4" id={headingId}>
          {props.title}
        </Title>
      </Box>
      <PanelBody {...props} data={answer.data} error={answer.error} onRetry={() => void answer.refetch()} />
    </Paper>
  );
}

interface PanelBodyProps<Answer, Key extends QueryKey> extends PanelProps<Answer, Key> {
  readonly data: Answer | undefined;
  readonly error: Error | null;
  readonly onRetry: () => void;
}

function PanelBody<Answer, Key extends QueryKey>(props: PanelBodyProps<Answer, Key>) {
  const { data } = props;
  // An answer we already have is worth more than the failure of its refresh.
  if (data === undefined && props.error !== null) {
    return (
      <Box px="lg" pb="lg">
        <Failure error={props.error} what={`${props.title} could not be loaded`} onRetry={props.onRetry} />
      </Box>
    );
  }
  if (data === undefined) return <PanelWaiting title={props.title} />;
  if (props.isEmpty(data)) {
    return (
      <Text px="lg" pb="lg" size="sm" c="dimmed">
        {props.empty}
      </Text>
    );
  }
  // A region that scrolls sideways must be reachable from the keyboard.
  return (
    <ScrollArea type="auto" viewportProps={{ tabIndex: 0, role: 'group', 'aria-label': props.title }}>
      {props.children(data)}
      {isCut(data) && (
        <Text px="lg" py="sm" size="xs" c="dimmed">
          Only the newest are listed.
        </Text>
      )}
    </ScrollArea>
  );
}

function isCut(answer: unknown): boolean {
  return typeof answer === 'object' && answer !== null && 'more' in answer && answer.more === true;
}

function PanelWaiting({ title }: { readonly title: string }) {
  return (
    <Stack px="lg" pb="lg" gap="sm" role="status" aria-label={`Loading ${title}`}>
      <Skeleton height={14} width="60%" />
      <Skeleton height={14} width="80%" />
      <Skeleton height={14} width="45%" />
    </Stack>
  );
}
