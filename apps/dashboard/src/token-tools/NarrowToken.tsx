import { Alert, Paper, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { narrowBundle, narrowingCaveats, type Narrowing } from '@hangar/authority/offline';
import { MacaroonError, organizationScope, type Caveat } from '@hangar/macaroon';
import { useMemo, useState } from 'react';
import { useViewer } from '../layout/viewer.ts';
import { reread, type Pasted } from '../tokens/paste.ts';
import { ACTIONS } from '../tokens/powers.ts';
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
  const apps = [...draft.apps, ...words(draft.otherApps)];
  const strange = apps.find((app) => !/^[1-9]\d{0,17}$/.test(app));
  if (strange !== undefined) {
    return {
      tag: 'refused',
      sentence: `Apps stand in tokens by number, and “${strange}” is none; choose yours from the list.`,
    };
  }
  const narrowing: Narrowing = {
    apps: someOf(apps.map(BigInt)),
    actions: draft.actions.length === ACTIONS.length ? undefined : draft.actions.join(''),
    machines: someOf(words(draft.machines)),
    features: someOf([...draft.features, ...words(draft.otherFeatures)]),
    validForSeconds: draft.lifetime === '' ? undefined : Number(draft.lifetime),
  };
  const caveats = narrowingCaveats(narrowing, now);
  return caveats.ok ? narrowed(pasted, caveats.value) : { tag: 'nothing' };
}

function narrowed({ bundle }: Pasted, caveats: readonly Caveat[]): Made {
  try {
    const made = narrowBundle(bundle, caveats);
    if (!made.ok) return { tag: 'refused', sentence: 'With these limits the token is too long to be sent.' };
    return { tag: 'made', text: made.value, pasted: reread(made.value) };
  } catch (error) {
    if (!(error instanceof MacaroonError)) throw error;
    return {
      tag: 'refused',
      sentence:
        error.code === 'finalized'
          ? 'This is a signed statement: it is final and cannot be narrowed.'
          : `This token cannot take these limits: ${error.message}.`,
    };
  }
}

/** An empty list of the form means: no limit of this kind. */
function someOf<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}

/** What stands between commas and white space. */
function words(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '');
}
