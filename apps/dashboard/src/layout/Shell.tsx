import { Anchor, Box, Center, Container, Group, Loader, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, Outlet, useLocation } from '@tanstack/react-router';
import { meQuestion } from '../api/questions.ts';
import { SignInPage } from '../pages/SignInPage.tsx';
import { Failure } from '../parts/Failure.tsx';
import { Places } from './Places.tsx';
import { ViewerContext } from './viewer.ts';
import { WhoIsHere } from './WhoIsHere.tsx';

/** The frame of every page: who is here, and the page itself once that is known. */
export function Shell() {
  const returnTo = useLocation({ select: (location) => location.pathname });
  const me = useQuery(meQuestion(returnTo));
  const viewer = me.data?.signedIn === true ? me.data : undefined;
  return (
    <>
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <Box component="header" className="bar">
        <Container size="lg" py="sm">
          <Group justify="space-between" wrap="nowrap">
            <Group gap="lg" wrap="nowrap">
              <Link to="/" className="brand">
                <Group gap="xs" wrap="nowrap">
                  <img src="/favicon.svg" alt="" width="26" height="26" />
                  <Text fw={700} size="lg" visibleFrom={viewer === undefined ? undefined : 'xs'}>
                    {me.data?.product.name ?? 'Hangar'}
                  </Text>
                </Group>
              </Link>
              {viewer !== undefined && <Places />}
            </Group>
            {viewer !== undefined && <WhoIsHere viewer={viewer} />}
          </Group>
        </Container>
      </Box>
      <Container component="main" id="content" size="lg" py="xl" tabIndex={-1}>
        {me.isPending && (
          <Center py="xl" role="status" aria-label="Loading">
            <Loader />
          </Center>
        )}
        {me.data === undefined && me.isError && (
          <Failure error={me.error} what="The page could not be loaded" onRetry={() => void me.refetch()} />
        )}
        {me.data?.signedIn === false && <SignInPage signedOut={me.data} returnTo={returnTo} />}
        {viewer !== undefined && (
          <ViewerContext value={viewer}>
            <Outlet />
          </ViewerContext>
        )}
      </Container>
      <Container component="footer" size="lg" pb="xl">
        <Text size="xs" c="dimmed">
          Served by{' '}
          <Anchor href="/docs" size="xs">
            Hangar
          </Anchor>
          . Times are relative; hover for UTC.
        </Text>
      </Container>
    </>
  );
}
