import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutUsage, type Interval } from '@hangar/gateway';
import { runningTime } from '../src/metering/running-time.ts';

const guest = { cpuKind: 'shared', cpus: 2, memoryMb: 2048 };
const at = (text: string) => new Date(`2026-09-21T${text}Z`);

function interval(from: string, to: string | undefined, more: Partial<Interval> = {}): Interval {
  return {
    machine: 'm1',
    environment: 'env_1',
    startedAt: at(from),
    stoppedAt: to === undefined ? undefined : at(to),
    guest,
    exact: true,
    ...more,
  };
}

const day = {
  from: at('00:00:00'),
  to: new Date('2026-09-22T00:00:00Z'),
  now: new Date('2026-09-23T00:00:00Z'),
};

describe('usage', () => {
  it('is cut at the borders of hours, in seconds times the size', () => {
    const records = cutUsage([interval('10:30:00', '11:15:00')], day);
    expect(
      records.map(({ meter, from, quantity }) => [meter, from.toISOString().slice(11, 16), quantity]),
    ).toEqual([
      ['compute.vcpu_seconds', '10:00', 3600],
      ['compute.memory_gib_seconds', '10:00', 3600],
      ['compute.vcpu_seconds', '11:00', 1800],
      ['compute.memory_gib_seconds', '11:00', 1800],
    ]);
  });

  it('accrues while a machine runs, up to now and not beyond', () => {
    const open = interval('10:00:00', undefined);
    const so = (now: Date) => cutUsage([open], { ...day, now })[0]?.quantity;
    expect(so(at('10:00:10'))).toBe(20);
    expect(so(at('10:30:00'))).toBe(3600);
    expect(cutUsage([open], { ...day, now: at('09:00:00') })).toEqual([]);
  });

  it('has the same ids and sums whenever it is asked for', () => {
    const intervals = [interval('10:30:00', '11:15:00'), interval('10:00:00', '10:10:00', { machine: 'm2' })];
    expect(cutUsage(intervals, day)).toEqual(cutUsage(intervals.toReversed(), day));
    const ids = cutUsage(intervals, day).map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids[0]).toBe('env_1:compute.vcpu_seconds:shared:2026-09-21T10:00:00.000Z');
  });

  it('of a span is the sum of its parts', () => {
    const minute = fc.integer({ min: 0, max: 1439 });
    const one = fc.tuple(minute, minute, fc.integer({ min: 1, max: 8 }));
    fc.assert(
      fc.property(fc.array(one, { maxLength: 10 }), minute, (given, split) => {
        const time = (minutes: number) => new Date(day.from.getTime() + minutes * 60_000);
        const intervals = given.map(([a, b, cpus], index) =>
          interval('00:00:00', undefined, {
            machine: `m${index}`,
            startedAt: time(Math.min(a, b)),
            stoppedAt: time(Math.max(a, b)),
            guest: { ...guest, cpus },
          }),
        );
        const total = (from: Date, to: Date) =>
          cutUsage(intervals, { from, to, now: day.now })
            .filter(({ meter }) => meter === 'compute.vcpu_seconds')
            .reduce((sum, { quantity }) => sum + quantity, 0);
        expect(total(day.from, time(split)) + total(time(split), day.to)).toBe(total(day.from, day.to));
      }),
    );
  });
});

describe('running time', () => {
  const facts = { environment: 'env_1', guest, now: at('12:00:00') };
  const event = (type: string, status: string, time: string) => ({
    type,
    status,
    timestamp: at(time).getTime(),
  });
  const history = [
    event('exit', 'stopped', '10:20:00'),
    event('stop', 'stopping', '10:19:58'),
    event('start', 'started', '10:00:02'),
    event('launch', 'created', '10:00:00'),
  ];

  it('is read from the events of the machine, exactly', () => {
    const { intervals } = runningTime(
      { id: 'm1', state: 'stopped', events: history },
      { ...facts, open: undefined },
    );
    expect(intervals).toEqual([interval('10:00:02', '10:20:00')]);
  });

  it('does not grow when the same events, or more of them, are seen again', () => {
    const started = { id: 'm1', state: 'started', events: history.slice(2) };
    const first = runningTime(started, { ...facts, open: undefined }).intervals;
    expect(first).toEqual([interval('10:00:02', undefined)]);
    expect(runningTime(started, { ...facts, open: first[0] }).intervals).toEqual([]);
    const stopped = { id: 'm1', state: 'stopped', events: history };
    expect(runningTime(stopped, { ...facts, open: first[0] }).intervals).toEqual([
      interval('10:00:02', '10:20:00'),
    ]);
    expect(runningTime(stopped, { ...facts, open: undefined }).intervals).toEqual([
      interval('10:00:02', '10:20:00'),
    ]);
  });

  it('is inferred from the state where no event tells of it', () => {
    const running = runningTime(
      { id: 'm1', state: 'started', events: [] },
      { ...facts, open: undefined },
    ).intervals;
    expect(running).toEqual([interval('12:00:00', undefined, { exact: false })]);
    const open = interval('10:00:02', undefined);
    const gone = runningTime({ id: 'm1', state: 'suspended', events: [] }, { ...facts, open }).intervals;
    expect(gone).toEqual([interval('10:00:02', '12:00:00', { exact: false })]);
  });

  it('ends with a crash and a suspension too, and begins again after', () => {
    const events = [
      event('start', 'started', '10:00:00'),
      event('suspend', 'suspended', '10:10:00'),
      event('start', 'started', '10:30:00'),
      event('exit', 'stopped', '10:40:00'),
    ];
    const { intervals } = runningTime({ id: 'm1', state: 'stopped', events }, { ...facts, open: undefined });
    expect(intervals).toEqual([interval('10:00:00', '10:10:00'), interval('10:30:00', '10:40:00')]);
  });
});
