import { Alert, Paper, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { organizationScope } from '@hangar/macaroon';
import { useMemo, useState } from 'react';
import { useViewer } from '../layout/viewer.ts';
import { caveatsOf, narrow, type Narrowing } from '../tokens/narrow.ts';
import { reread, type Pasted } from '../tokens/paste.ts';
import { NarrowForm, NO_LIMIT, type Draft } from './NarrowForm.tsx';
import type { Names } from './names.ts';
import { TokenReport } from './TokenReport.tsx';
import { TokenText } from './TokenText.tsx';

interface NarrowTokenProps {
  readonly pasted: Pasted;
  readonly names: Names;
}

/** Limits on one side, and the token they make, in words before it can be copied. */
export function NarrowToken({ pasted, names }: NarrowTokenProps) {
  const { clockAheadMs } = useViewer();
  const [draft, setDraft] = useState<Draft>(NO_LIMIT);
  const made = useMemo(
    () => make(pasted, draft, new Date(new Date().getTime() + clockAheadMs)),
    [pasted, draft, clockAheadMs],
  );
  const organization = organizationScope(pasted.tokens[0].caveats);
  const report = <TokenReport title="What it says" pasted={pasted} names={names} />;
  if (!pasted.permits) return report;
  return (
    <Stack gap="lg">
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg" className="side-by-side">
        {report}
        <Paper component="section" className="panel" withBorder p="lg" aria-label="Narrow it">
          <Title order={2} size="h4">
            Narrow it
          </Title>
          <Text size="sm" c="dimmed" mb="md">
            Every limit is added to what the token says already. Nothing can be taken away again.
          </Text>
          <NarrowForm
            draft={draft}
            onChange={setDraft}
            apps={organization.ok ? names.appsOf(organization.value) : []}
          />
        </Paper>
      </SimpleGrid>
      {made.tag === 'refused' && (
        <Alert color="red" title="It cannot be narrowed like this" role="alert">
          {made.sentence}
        </Alert>
      )}
      {made.tag === 'made' && (
        <>
          <TokenReport
            title="The new token"
            pasted={made.pasted}
            names={names}
            newFrom={pasted.tokens[0].caveats.length}
          />
          <Paper className="panel" withBorder p="lg">
            <TokenText text={made.text} label="The narrowed token" />
          </Paper>
        </>
      )}
    </Stack>
  );
}

type Made =
  | { readonly tag: 'nothing' }
  | { readonly tag: 'refused'; readonly sentence: string }
  | { readonly tag: 'made'; readonly text: string; readonly pasted: Pasted };

function make(pasted: Pasted, draft: Draft, now: Date): Made {
  const narrowing: Narrowing = {
    apps: [...draft.apps, ...words(draft.otherApps)],
    actions: draft.actions,
    machines: words(draft.machines),
    features: [...draft.features, ...words(draft.otherFeatures)],
    lifetimeSeconds: draft.lifetime === '' ? undefined : Number(draft.lifetime),
  };
  const strange = narrowing.apps.find((app) => !/^[1-9]\d{0,17}$/.test(app));
  if (strange !== undefined) {
    return {
      tag: 'refused',
      sentence: `Apps stand in tokens by number, and “${strange}” is none; choose yours from the list.`,
    };
  }
  const caveats = caveatsOf(narrowing, now);
  if (caveats.length === 0) return { tag: 'nothing' };
  const narrowed = narrow(pasted, caveats);
  if (!narrowed.ok) return { tag: 'refused', sentence: narrowed.reason };
  return { tag: 'made', text: narrowed.value, pasted: reread(narrowed.value) };
}

/** What stands between commas and white space. */
function words(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '');
}
