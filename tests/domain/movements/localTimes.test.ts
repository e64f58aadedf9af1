import { describe, expect, it } from 'vitest';
import { changedTimes, readLocal, withOffsets, type Zones } from '../../../domain/movements/localTimes.ts';
import type { Stop } from '../../../domain/movements/route.ts';

/** One zone that shows 02:30 twice and jumps over 03:30. */
const ZONES: Zones = {
  table: '2026c',
  offsets: (local, zone) => {
    if (zone !== 'Test/Zone') return undefined;
    return local.endsWith('02:30') ? ['+02:00', '+01:00'] : local.endsWith('03:30') ? [] : ['+02:00'];
  },
};
const ZONED = { A: 'Test/Zone', B: 'Test/Zone' };

const stop = (departs: string, arrives: string, from = 'A', to = 'B'): Stop => ({
  ...{ from, to },
  departsAt: `2027-02-20T${departs}`,
  arrivesAt: `2027-02-20T${arrives}`,
});
const wrongIn = (stops: Stop[], zones: Record<string, string> = ZONED) => {
  const result = withOffsets(stops, zones, ZONES);
  return 'wrong' in result ? result.wrong.map(({ path, code }) => `${path.join('.')} ${code}`) : [];
};

describe('local times of stops', () => {
  it.each([
    ['2027-02-20T10:00+01:00', { local: '2027-02-20T10:00', offset: '+01:00' }],
    ['2027-02-20T10:00:30.5-03:30', { local: '2027-02-20T10:00:30.5', offset: '-03:30' }],
    ['2027-02-20T10:00Z', { local: '2027-02-20T10:00', offset: '+00:00' }],
    ['2027-02-20T10:00', { local: '2027-02-20T10:00' }],
  ])('%s is read apart', (text, read) => {
    expect(readLocal(text)).toEqual(read);
  });

  it('get the offset of their zone, or keep their own where a stop has none', () => {
    expect(withOffsets([stop('10:00', '12:00')], ZONED, ZONES)).toEqual([stop('10:00+02:00', '12:00+02:00')]);
    expect(withOffsets([stop('10:00', '12:00Z')], { A: 'Test/Zone' }, ZONES)).toEqual([
      stop('10:00+02:00', '12:00+00:00'),
    ]);
    expect(withOffsets([stop('02:30+01:00', '12:00')], ZONED, ZONES)).toEqual([stop('02:30+01:00', '12:00+02:00')]);
  });

  it('are all named where they cannot be taken', () => {
    const zones = { A: 'Test/Zone', C: 'Test/None' };
    expect(
      wrongIn([stop('02:30', '12:00'), stop('03:30', '05:00+01:00', 'A', 'A'), stop('13:00', '14:00', 'C')], zones),
    ).toEqual([
      'stops.0.departsAt twice',
      'stops.0.arrivesAt no_offset',
      'stops.1.departsAt no_such_time',
      'stops.1.arrivesAt other_offset',
      'stops.2.departsAt unknown_zone',
      'stops.2.arrivesAt no_offset',
    ]);
  });

  it('go forward', () => {
    expect(wrongIn([stop('10:00', '10:00')])).toEqual(['stops.0.arrivesAt invalid']);
    expect(wrongIn([stop('10:00', '12:00'), stop('12:00', '13:00', 'B', 'A')])).toEqual([]);
    expect(wrongIn([stop('10:00', '12:00'), stop('11:59', '13:00', 'B', 'A')])).toEqual(['stops.1.departsAt invalid']);
  });

  it('have changed where another table gives another offset', () => {
    const announced = [stop('10:00+02:00', '12:00+01:00'), stop('03:30+02:00', '15:00+05:00', 'B', 'C')];
    expect(changedTimes(announced, ZONED, ZONES)).toEqual([
      { piece: 1, stop: 'B', zone: 'Test/Zone', announced: announced[0]?.arrivesAt, offsets: ['+02:00'] },
      { piece: 2, stop: 'B', zone: 'Test/Zone', announced: announced[1]?.departsAt, offsets: [] },
    ]);
  });
});
