import { Checkbox, NativeSelect, SimpleGrid, Stack, TextInput } from '@mantine/core';
import { ACTIONS } from '../tokens/powers.ts';
import { LIFETIMES } from './lifetimes.ts';

/** The form as it stands, every field as its control has it. */
export interface Draft {
  readonly apps: readonly string[];
  readonly otherApps: string;
  readonly actions: readonly string[];
  readonly machines: string;
  readonly features: readonly string[];
  readonly otherFeatures: string;
  readonly lifetime: string;
}

/** Nothing chosen: the token as it was. */
export const NO_LIMIT: Draft = {
  apps: [],
  otherApps: '',
  actions: ACTIONS.map(({ letter }) => letter),
  machines: '',
  features: [],
  otherFeatures: '',
  lifetime: '',
};

/** The organization's features that people hand out (docs/specs/token-format.md#roles). */
const FEATURES = [
  { name: 'wg', words: 'wg (private network)' },
  { name: 'builder', words: 'builder (remote builds)' },
  { name: 'addon', words: 'addon (extensions)' },
  { name: 'domain', words: 'domain' },
];

interface NarrowFormProps {
  readonly draft: Draft;
  readonly onChange: (draft: Draft) => void;
  readonly apps: readonly { readonly number: bigint; readonly name: string }[];
}

/** What is to be left of a token. */
export function NarrowForm({ draft, onChange, apps }: NarrowFormProps) {
  const set = (change: Partial<Draft>) => onChange({ ...draft, ...change });
  return (
    <Stack>
      <Checkbox.Group
        label="Actions"
        description="What may be done, on everything chosen below."
        value={[...draft.actions]}
        onChange={(actions) => set({ actions })}
      >
        <Stack gap={6} mt="xs">
          {ACTIONS.map(({ letter, word, means }) => (
            <Checkbox key={letter} value={letter} label={`${word} (${letter}): ${means}`} />
          ))}
        </Stack>
      </Checkbox.Group>
      {apps.length > 0 && (
        <Checkbox.Group
          label="Apps"
          description="None chosen: no limit by app."
          value={[...draft.apps]}
          onChange={(chosen) => set({ apps: chosen })}
        >
          <Stack gap={6} mt="xs">
            {apps.map(({ number, name }) => (
              <Checkbox key={name} value={String(number)} label={`${name} (${number})`} />
            ))}
          </Stack>
        </Checkbox.Group>
      )}
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
        <TextInput
          label={apps.length > 0 ? 'Other apps' : 'Apps'}
          description="By number, such as 90017"
          inputMode="numeric"
          value={draft.otherApps}
          onChange={(event) => set({ otherApps: event.currentTarget.value })}
        />
        <TextInput
          label="Machines"
          description="By id; several with spaces"
          spellCheck={false}
          value={draft.machines}
          onChange={(event) => set({ machines: event.currentTarget.value })}
        />
      </SimpleGrid>
      <Checkbox.Group
        label="Features of the organization"
        description="Chosen ones stay usable beside the apps. None chosen: no limit by feature."
        value={[...draft.features]}
        onChange={(features) => set({ features })}
      >
        <SimpleGrid cols={{ base: 1, xs: 2 }} spacing={6} mt="xs">
          {FEATURES.map(({ name, words }) => (
            <Checkbox key={name} value={name} label={words} />
          ))}
        </SimpleGrid>
      </Checkbox.Group>
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
        <TextInput
          label="Other features"
          description="By name; several with spaces"
          spellCheck={false}
          value={draft.otherFeatures}
          onChange={(event) => set({ otherFeatures: event.currentTarget.value })}
        />
        <NativeSelect
          label="Lifetime"
          description="From now on"
          value={draft.lifetime}
          onChange={(event) => set({ lifetime: event.currentTarget.value })}
          data={[
            { value: '', label: 'As long as before' },
            ...LIFETIMES.map(({ seconds, words }) => ({ value: String(seconds), label: words })),
          ]}
        />
      </SimpleGrid>
    </Stack>
  );
}
