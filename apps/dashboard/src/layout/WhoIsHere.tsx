import { Button, Group, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { DoneView, SignedInView } from '../../wire.d.ts';
import { forget } from '../api/memory.ts';
import { change } from '../api/request.ts';

/** Who is signed in, and the way out. */
export function WhoIsHere({ viewer }: { readonly viewer: SignedInView }) {
  const memory = useQueryClient();
  const navigate = useNavigate();
  const signOut = useMutation({
    mutationFn: () => change<DoneView>('/api/sign-out', viewer.csrfToken),
    // Also after a failure: the next answer then says truthfully whether the login still exists.
    onSettled: async () => {
      await navigate({ to: '/' });
      await forget(memory);
    },
  });
  return (
    <Group gap="md" wrap="nowrap">
      <Text size="sm" c="dimmed" truncate visibleFrom="xs" title={viewer.user.email}>
        {viewer.user.email}
      </Text>
      <Button
        size="compact-sm"
        variant="default"
        loading={signOut.isPending}
        onClick={() => signOut.mutate()}
      >
        Sign out
      </Button>
    </Group>
  );
}
