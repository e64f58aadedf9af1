import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { HOUR } from '../../../domain/time.ts';
import { changesOf, departureOf, sailingOf } from '../../../sandbox/partners/carrier.ts';
import { readScenario } from '../../../sandbox/scenarioData.ts';

const dir = (name: string) => fileURLToPath(new URL(`../../../sandbox/scenarioData/${name}`, import.meta.url));
const ambae = readScenario(dir('ambae-2017'));
const libya = readScenario(dir('libya-vhr-flight'));
const LINE = { partner: 'carriers/C1', replyTo: 'http://127.0.0.1:1/' };
const at = (text: string) => Date.parse(text);

function sailing(scenario: typeof ambae, id: string) {
  const movement = scenario.movements.find((one) => one.id === id);
  if (!movement) throw new Error(id);
  return sailingOf(movement);
}

describe('a booked vehicle', () => {
  test('tells of a smaller ship when it is known, or right after the booking', () => {
    const ship = sailing(ambae, 'MV-AMB-002');
    const [early] = changesOf(ship, at('2017-09-28T10:00+11:00'), LINE);
    expect(early).toMatchObject({
      type: 'movement.smaller_vehicle',
      at: at('2017-09-30T02:00+11:00'),
      movementReference: 'MV-AMB-002',
    });
    const [late] = changesOf(ship, at('2017-09-30T03:00+11:00'), LINE);
    expect(late?.at).toBe(at('2017-09-30T03:00+11:00') + 0.1 * HOUR);
  });
  test('leaves at its new time after a delay, and takes as long as planned', () => {
    const ship = sailing(ambae, 'MV-AMB-004');
    const said = departureOf(ship, at('2017-09-30T09:00+11:00'), LINE);
    expect(said.map((one) => [one.type, one.at])).toEqual([
      ['movement.departed', at('2017-09-30T14:30+11:00')],
      ['movement.arrived', at('2017-09-30T20:30+11:00')],
    ]);
  });
  test('waits for staff beyond its time', () => {
    const ship = sailing(ambae, 'MV-AMB-003');
    const ready = at('2017-09-30T09:40+11:00');
    expect(departureOf(ship, ready, LINE).map((one) => one.at)).toEqual([ready, ready + 4 * HOUR]);
  });
  test('never leaves when it is cancelled', () => {
    const flight = sailing(ambae, 'MV-AMB-006');
    expect(departureOf(flight, at('2017-09-30T14:00+11:00'), LINE)).toEqual([]);
    expect(changesOf(flight, at('2017-09-28T10:00+11:00'), LINE).map((one) => one.type)).toEqual([
      'movement.cancelled',
    ]);
  });
  test('arrives at each stop in its own local time', () => {
    const said = departureOf(sailing(libya, 'MV-VHR-003'), 0, LINE);
    expect(said.map((one) => [one.type, one.data['stop'] ?? '', new Date(one.at).toISOString()])).toEqual([
      ['movement.departed', '', '2018-09-12T04:00:00.000Z'],
      ['movement.arrived', 'NIM', '2018-09-12T07:30:00.000Z'],
      ['movement.arrived', 'LOS', '2018-09-12T10:48:00.000Z'],
    ]);
  });
});
