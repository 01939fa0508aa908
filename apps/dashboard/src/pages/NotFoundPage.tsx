import { Anchor, Stack, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { Link } from '@tanstack/react-router';

/** An address that leads nowhere. */
export function NotFoundPage() {
  useDocumentTitle('Not found');
  return (
    <Stack>
      <Title order={1} size="h2">
        There is no such page
      </Title>
      <Text>The address may be mistyped, or what it showed is gone.</Text>
      <Anchor renderRoot={(props) => <Link to="/" {...props} />}>To your extensions</Anchor>
    </Stack>
  );
}
