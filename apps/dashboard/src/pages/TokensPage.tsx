import { Stack, Tabs, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { mintingQuestion } from '../api/questions.ts';
import { useViewer } from '../layout/viewer.ts';
import { IssuedTokens } from '../token-tools/IssuedTokens.tsx';
import { ReadToken } from '../token-tools/ReadToken.tsx';
import { ReportLeak } from '../token-tools/ReportLeak.tsx';
import '../token-tools/styles.ts';
import { isTool } from './tokens-search.ts';

const route = getRouteApi('/tokens');

/** Everything a person does with tokens: see what is out there, make one, read one, weaken one, end one. */
export function TokensPage() {
  const viewer = useViewer();
  const { tool = 'issued', extension } = route.useSearch();
  const navigate = route.useNavigate();
  const minting = useQuery(mintingQuestion());
  // Kept while the page is open and nowhere else: no storage, no address, no request.
  const [text, setText] = useState('');
  useDocumentTitle(`Tokens · ${viewer.product.name}`);
  const go = (next: string | null) => {
    if (isTool(next)) void navigate({ search: (before) => ({ ...before, tool: next }) });
  };
  const readIt = (token: string) => {
    setText(token);
    go('read');
  };
  return (
    <Stack gap="lg">
      <div>
        <Title order={1} size="h2">
          Tokens
        </Title>
        <Text c="dimmed" size="sm" mt={4}>
          Whoever holds a token can weaken it offline; nobody can widen it. Revoking one ends everything made
          from it.
        </Text>
      </div>
      <Tabs value={tool} onChange={go} keepMounted={false}>
        <Tabs.List mb="lg" className="tools">
          <Tabs.Tab value="issued">Issued</Tabs.Tab>
          <Tabs.Tab value="read">Read and narrow</Tabs.Tab>
          <Tabs.Tab value="report">Report a leak</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="issued">
          <IssuedTokens
            minting={minting}
            chosen={extension}
            onChoose={(id) => void navigate({ search: (before) => ({ ...before, extension: id }) })}
            onRead={readIt}
          />
        </Tabs.Panel>
        <Tabs.Panel value="read">
          <ReadToken text={text} onText={setText} workspaces={minting.data?.workspaces ?? []} />
        </Tabs.Panel>
        <Tabs.Panel value="report">
          <ReportLeak />
        </Tabs.Panel>
      </Tabs>
    </Stack>
  );
}
