import { READABLE_CAVEATS } from '@hangar/authority/offline';
import { everyCaveat, type Caveat } from '@hangar/macaroon';
import { Table, Text, VisuallyHidden } from '@mantine/core';
import { useMemo } from 'react';
import { useViewer } from '../layout/viewer.ts';
import { ACTIONS, momentOf, powersOf, type Power } from '../tokens/powers.ts';
import type { Names } from './names.ts';

interface PowersProps {
  readonly caveats: readonly Caveat[];
  readonly names: Names;
}

/** A row for everything the token is about, a column for each action; below it why the answer is no. */
export function Powers({ caveats, names }: PowersProps) {
  const { clockAheadMs } = useViewer();
  const { powers, inTime } = useMemo(() => {
    const now = new Date(new Date().getTime() + clockAheadMs);
    const moment = momentOf(caveats, now);
    return {
      powers: powersOf(caveats, moment, names.app),
      inTime: moment.getTime() === now.getTime(),
    };
  }, [caveats, names, clockAheadMs]);
  if (powers.length === 0)
    return <Text size="sm">Nothing: a token that names no one organization is accepted nowhere.</Text>;
  const counted = [...everyCaveat(caveats)].some(
    (caveat) => caveat.type === 'Unknown' && READABLE_CAVEATS.has(caveat.number),
  );
  return (
    <>
      {!inTime && (
        <Text size="sm" mb="xs" fw={600}>
          Nothing right now: it is outside its time. Within it:
        </Text>
      )}
      <div className="powers" tabIndex={0} role="region" aria-label="What it can and cannot do">
        <Table horizontalSpacing="xs" verticalSpacing={6}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>On</Table.Th>
              {ACTIONS.map(({ word }) => (
                <Table.Th key={word} ta="center">
                  {word}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {powers.map((power) => (
              <Table.Tr key={power.about}>
                <Table.Th scope="row" className="about">
                  {power.about}
                </Table.Th>
                {power.answers.map((answer, index) => (
                  <Table.Td key={index} ta="center" className={answer === true ? 'yes' : 'no'}>
                    <span aria-hidden="true">{answer === true ? '✓' : '–'}</span>
                    <VisuallyHidden>{answer === true ? 'yes' : 'no'}</VisuallyHidden>
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
      {counted && (
        <Text size="sm" mt="xs" c="dimmed">
          Some of its conditions are about counts, places or labels; only the server can judge those.
        </Text>
      )}
      <WhyNot powers={powers} />
    </>
  );
}

function WhyNot({ powers }: { readonly powers: readonly Power[] }) {
  const reasons = powers
    .map(({ about, answers }) => ({
      about,
      sentences: [...new Set(answers.filter((answer) => answer !== true))],
    }))
    .filter(({ sentences }) => sentences.length > 0);
  if (reasons.length === 0) return null;
  return (
    <details className="why-not">
      <summary>Why not?</summary>
      <dl>
        {reasons.map(({ about, sentences }) => (
          <div key={about}>
            <dt>{about}</dt>
            {sentences.map((sentence) => (
              <dd key={sentence}>{sentence}</dd>
            ))}
          </div>
        ))}
      </dl>
    </details>
  );
}
