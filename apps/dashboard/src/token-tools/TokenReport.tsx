import { Badge, Box, Code, Group, Paper, Stack, Text, Title } from '@mantine/core';
import { READABLE_CAVEATS } from '@hangar/authority/offline';
import {
  appScope,
  explainCaveat,
  organizationScope,
  tokenId,
  type Caveat,
  type Macaroon,
} from '@hangar/macaroon';
import { useViewer } from '../layout/viewer.ts';
import { When } from '../parts/When.tsx';
import type { Pasted } from '../tokens/paste.ts';
import { placeWords } from '../tokens/places.ts';
import type { Names } from './names.ts';
import { Powers } from './Powers.tsx';

interface TokenReportProps {
  readonly title: string;
  readonly pasted: Pasted;
  readonly names: Names;
  /** Caveats from this place on are new: they were added on this page. */
  readonly newFrom?: number;
}

/** A pasted text in words: when it ends, what each caveat says, what it comes down to, who else must agree. */
export function TokenReport({ title, pasted, names, newFrom }: TokenReportProps) {
  const many = pasted.tokens.length > 1;
  return (
    <Stack gap="lg">
      {pasted.tokens.map((token, index) => (
        <Paper
          key={index}
          component="section"
          className="panel"
          withBorder
          p="lg"
          aria-label={many ? `${title}, token ${index + 1}` : title}
        >
          <Title order={2} size="h4" mb="md">
            {many ? `${title}: token ${index + 1} of ${pasted.tokens.length}` : title}
          </Title>
          <Facts token={token} pasted={pasted} names={names} />
          <Heading>Sentence by sentence</Heading>
          <Sentences caveats={token.caveats} newFrom={newFrom} />
          {pasted.permits && (
            <>
              <Heading>What it can and cannot do</Heading>
              <Powers caveats={token.caveats} names={names} />
            </>
          )}
          {pasted.permits && <ThirdParties pasted={pasted} />}
        </Paper>
      ))}
    </Stack>
  );
}

function Heading({ children }: { readonly children: string }) {
  return (
    <Title order={3} size="h6" mt="lg" mb="xs">
      {children}
    </Title>
  );
}

function Facts({ token, pasted, names }: Omit<TokenReportProps, 'title'> & { readonly token: Macaroon }) {
  const organization = organizationScope(token.caveats);
  const apps = appScope(token.caveats);
  return (
    <dl className="facts small">
      <div>
        <dt>Ends</dt>
        <dd>
          <End at={pasted.endsAt} />
          {pasted.permits && pasted.bundle.discharges.length > 0 && (
            <Text size="xs" c="dimmed">
              the first of the token and its discharges
            </Text>
          )}
        </dd>
      </div>
      <div>
        <dt>Organization</dt>
        <dd>{organization.ok ? names.organization(organization.value) : 'names none: accepted nowhere'}</dd>
      </div>
      <div>
        <dt>Apps it names</dt>
        <dd>{apps === undefined ? 'not confined to apps' : apps.map(names.app).join(', ') || 'none'}</dd>
      </div>
      <div>
        <dt>{pasted.permits ? 'For' : 'A discharge, or a token of another service, for'}</dt>
        <dd>
          {placeWords(token.location, window.location.origin)}
          <Text size="xs" c="dimmed">
            {token.location}
          </Text>
        </dd>
      </div>
      <div className="wide">
        <dt>Id</dt>
        <dd>
          <Code>{tokenId(token)}</Code>
        </dd>
      </div>
    </dl>
  );
}

function End({ at }: { readonly at: Date | undefined }) {
  const { clockAheadMs } = useViewer();
  if (at === undefined)
    return (
      <Text span inherit c="orange.8" fw={600}>
        never by itself
      </Text>
    );
  const over = at.getTime() < new Date().getTime() + clockAheadMs;
  return (
    <>
      {over && (
        <Badge color="red" variant="light" radius="sm" tt="none" mr={6}>
          expired
        </Badge>
      )}
      <When at={at.toISOString()} />
      <Text size="xs" c="dimmed">
        {at.toISOString().replace('T', ' ').replace('.000Z', '')} UTC
      </Text>
    </>
  );
}

interface SentencesProps {
  readonly caveats: readonly Caveat[];
  readonly newFrom: number | undefined;
}

function Sentences({ caveats, newFrom = Infinity }: SentencesProps) {
  if (caveats.length === 0) return <Text size="sm">It has no caveat at all.</Text>;
  return (
    <ol className="caveats">
      {caveats.map((caveat, index) => (
        <li key={index} className={index >= newFrom ? 'new' : undefined}>
          <Group gap={6} mb={2}>
            <Code>{caveat.type === 'Unknown' ? `type ${caveat.number}` : caveat.type}</Code>
            {index >= newFrom && (
              <Badge size="sm" radius="sm" tt="none" variant="light">
                new
              </Badge>
            )}
          </Group>
          <Text size="sm">{explainCaveat(caveat, READABLE_CAVEATS)}</Text>
        </li>
      ))}
    </ol>
  );
}

function ThirdParties({ pasted }: { readonly pasted: Pasted }) {
  const asked = [
    ...new Set(
      pasted.tokens.flatMap(({ caveats }) =>
        caveats.flatMap((caveat) => (caveat.type === '3P' ? [caveat.location] : [])),
      ),
    ),
  ];
  return (
    <>
      <Heading>Who else must agree</Heading>
      {asked.length === 0 && (
        <Text size="sm">Nobody: it works by itself, with no sign-in and no discharge to renew.</Text>
      )}
      {asked.map((location) => (
        <Box key={location} mb="xs">
          <Group gap={6}>
            <Code className="place">{location}</Code>
            {pasted.missing.includes(location) ? (
              <Badge color="orange" variant="light" radius="sm" tt="none">
                discharge missing · token_incomplete
              </Badge>
            ) : (
              <Badge color="teal" variant="light" radius="sm" tt="none">
                discharge included
              </Badge>
            )}
          </Group>
          <Text size="sm" c="dimmed" mt={2}>
            That is {placeWords(location, window.location.origin)}. Without its discharge the token is
            refused.
          </Text>
        </Box>
      ))}
    </>
  );
}
