import pino from 'pino';
import { expect, it } from 'vitest';
import { fatalLog } from '../../processes/fatalLog.ts';

it('a process that ends by an error says which and where, and not what it said', () => {
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => lines.push(line) });
  fatalLog(log, undefined);
  expect(lines).toEqual([]);
  fatalLog(log, Object.assign(new TypeError('Amina Osman cannot be read'), { code: 'E_READ' }));
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 60, error: 'TypeError E_READ' });
  expect(lines[0]).toContain('fatalLog.test.ts');
  expect(lines[0]).not.toContain('Amina');
});
