import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { isInternationalFormat, isNationalFormat, readPhone } from '../../../domain/imports/columns.ts';
import { judgeList } from '../../../domain/imports/judgeList.ts';
import { judgeRow } from '../../../domain/imports/judgeRow.ts';
import { person, plainRows, SCENARIOS, scenarioFile, truthOf } from './scenario.ts';

describe('a telephone number', () => {
  it.each([
    ['+249 (91) 234-56.78', '+249912345678'],
    ['+678 5551234', '+6785551234'],
    // the zero in brackets is dialled only inside the country
    ['+44 (0)20 7946 0018', '+442079460018'],
    ['+49 (0)30 123456', '+4930123456'],
    // in Italy the zero is a part of the number
    ['+39 06 698 12345', '+390669812345'],
    // no numbering plan knows the country, or the number is short: it is kept as written
    ['+999 000 12345', '+99900012345'],
    ['+249 91234', '+24991234'],
    // nobody can say which digits these are
    ['+678 5551234, +678 5551235', null],
    ['++678 5551234', null],
    ['+678 5551234 ext. 5', null],
    ['+678 5551234;ext=5', null],
    ['+0912345678', null],
    ['+1234567890123456', null],
    ['tel: +678 5551234', null],
    ['call +678 5551234 please', null],
    ['0912345678', null],
    ['00249912345678', null],
    ['249912345678', null],
    ['', null],
  ])('%j without a country is %j', (cell, number) => {
    expect(readPhone(cell)).toBe(number);
  });

  it.each([
    ['5551234', 'VUT', '+6785551234'],
    ['6785551234', 'VUT', '+6785551234'],
    ['00678 5551234', 'VUT', '+6785551234'],
    ['00249912345678', 'VUT', '+249912345678'],
    ['0912 345-678', 'SDN', '+249912345678'],
    ['(0)91 234 5678', 'SDN', '+249912345678'],
    ['٠٩١٢٣٤٥٦٧٨', 'SDN', '+249912345678'],
    ['044 123 456', 'RKS', '+38344123456'],
    ['044 123 456', 'XKX', '+38344123456'],
    // a number of another country is not taken for one of this country
    ['055-77920601', 'LBY', null],
    ['5551234.0', 'VUT', null],
    ['5551234, 5551235', 'VUT', null],
    ['5551234 ext. 5', 'VUT', null],
    ['tel: 5551234', 'VUT', null],
    // codes that are no country's, or a country without telephones of its own
    ['5551234', 'XXA', null],
    ['5551234', 'VU', null],
    ['5551234', 'ATA', null],
    ['+678 5551234', 'XXX', '+6785551234'],
  ])('%j in %s is %j', (cell, country, number) => {
    expect(readPhone(cell, country)).toBe(number);
  });

  it('takes no time over a hostile cell', () => {
    const began = performance.now();
    for (const cell of [
      '+'.repeat(200_000),
      `+${'1 '.repeat(100_000)}`,
      `+1${'('.repeat(200_000)}`,
      '5;ext='.repeat(30_000),
    ]) {
      expect(readPhone(cell, 'SDN')).toBeNull();
    }
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});

describe('the verdict on a telephone number', () => {
  it('depends on its form alone, whatever numbering plans say', () => {
    for (const cell of ['+999 000 12345', '+24991234', '+678 5551234.0'])
      expect(isInternationalFormat(cell)).toBe(true);
    for (const cell of ['+678 5551234 ext. 5', '+678/5551234', '0912345678']) {
      expect(isInternationalFormat(cell)).toBe(false);
    }
    expect(isNationalFormat('(0)91 234-56.78')).toBe(true);
    expect(isNationalFormat('٠٩١٢٣٤٥٦٧٨')).toBe(false);
  });

  it('still asks for the country code where the number could be read with the country', () => {
    const row = judgeRow(person({ phone: '0912345678' }), { referenceDate: '2026-11-25', country: 'SDN' }, 1);
    expect(row.meaning.phone).toBe('+249912345678');
    expect(row.codes).toEqual([{ code: 'PHONE_NATIONAL_FORMAT', column: 'phone' }]);
  });

  it.each(SCENARIOS)('is the same with the country of %s, and so is every number it holds', (scenario) => {
    const Movements = z.looseObject({
      movements: z.array(z.looseObject({ origin: z.looseObject({ country: z.string() }) })),
    });
    const { movements } = Movements.parse(JSON.parse(readFileSync(scenarioFile(scenario, 'movements.json'), 'utf8')));
    const rows = plainRows(scenarioFile(scenario, 'messy/registrations.csv'));
    const referenceDate = truthOf(scenario).reference_date;
    const [without, within] = [undefined, movements[0]?.origin.country].map((country) =>
      judgeList(rows, country === undefined ? { referenceDate } : { referenceDate, country }).rows.map(
        ({ verdict, codes, meaning }) => ({ verdict, codes, phone: meaning.phone }),
      ),
    );
    expect(movements[0]?.origin.country).toMatch(/^[A-Z]{3}$/);
    expect(within).toEqual(without);
  });
});
