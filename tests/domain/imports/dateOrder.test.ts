import { describe, expect, it } from 'vitest';
import { offerDateOrder, startDateOrderWatch, turnDate, watchDateOrder } from '../../../domain/imports/dates.ts';

const offer = (...cells: string[]) => offerDateOrder(cells.reduce(watchDateOrder, startDateOrderWatch()));

describe('dates with the year last', () => {
  it('are offered with both readings where they fill the column', () => {
    expect(offer('03/04/1990', '', '5/6/2001')).toEqual({
      possible: ['day_first', 'month_first'],
      examples: [
        { cell: '03/04/1990', dayFirst: '1990-04-03', monthFirst: '1990-03-04' },
        { cell: '5/6/2001', dayFirst: '2001-06-05', monthFirst: '2001-05-06' },
      ],
    });
  });

  it('name the only order that fits them all', () => {
    expect(offer('03.04.1990', '21.03.1988')?.possible).toEqual(['day_first']);
    expect(offer('03-04-1990', '03-21-1988')?.possible).toEqual(['month_first']);
  });

  it('are not offered where one cell is otherwise, where no order fits all, or where there are none', () => {
    expect(offer('03/04/1990', '1990-04-03')).toBeNull();
    expect(offer('03/04/1990', 'unknown')).toBeNull();
    expect(offer('21/03/1988', '03/21/1988')).toBeNull();
    expect(offer('', '')).toBeNull();
  });

  it('are converted in the given order; other cells and times stay', () => {
    expect(turnDate('1/2/1990', 'day_first')).toBe('1990-02-01');
    expect(turnDate('1/2/1990', 'month_first')).toBe('1990-01-02');
    expect(turnDate('28/09/2017 10:37', 'day_first')).toBe('2017-09-28 10:37');
    expect(turnDate('31/02/1990', 'day_first')).toBe('1990-02-31');
    for (const cell of ['1/2/90', '1990-02-01', '1/2-1990', 'x', '']) expect(turnDate(cell, 'day_first')).toBe(cell);
  });
});
