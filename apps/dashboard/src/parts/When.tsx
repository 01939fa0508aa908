import { Text } from '@mantine/core';
import { useViewer } from '../layout/viewer.ts';

const STEPS: readonly [unit: Intl.RelativeTimeFormatUnit, seconds: number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

/** What lacks less than half a percent of a unit counts as whole: a day that began a moment ago is still a day long. */
const NEARLY = 1.005;

/** “Tomorrow” is what people say; “next month” could be any day of it. */
const dayWords = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always' });
const absolute = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' });

function distance(at: Date, clockAheadMs: number): string {
  const seconds = (at.getTime() - new Date().getTime() - clockAheadMs) / 1000;
  for (const [unit, size] of STEPS) {
    const count = Math.trunc((seconds * NEARLY) / size);
    if (count !== 0) return (unit === 'day' ? dayWords : relative).format(count, unit);
  }
  return seconds > 0 ? 'in a moment' : 'just now';
}

/** A time as people say it; the exact one (UTC) is in the tooltip and in the markup. */
export function When({ at, none = 'never' }: { readonly at: string | null; readonly none?: string }) {
  const viewer = useViewer();
  if (at === null)
    return (
      <Text span inherit c="dimmed">
        {none}
      </Text>
    );
  const date = new Date(at);
  return (
    <Text span inherit className="when">
      <time dateTime={at} title={`${absolute.format(date)} UTC`}>
        {distance(date, viewer.clockAheadMs)}
      </time>
    </Text>
  );
}
