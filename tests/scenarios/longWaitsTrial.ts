import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DAY } from '../../domain/time.ts';
import { type FaultSystem, openFaultSystem } from '../support/faultSystem.ts';
import { atRest, LONGEST_TIMER, type LongWaits, longWaits, overflowsIn, restartEverything } from './longWaits.ts';

/** Watches the long waits of a system of its own, restarts everything, and watches again, so long each time. */
export function longWaitsTrial(watchMs: number): void {
  let system: FaultSystem;
  let waits: LongWaits;
  const warnings: string[] = [];
  const collect = (warning: Error): number => warnings.push(warning.name);

  beforeAll(async () => {
    // the stand-in partners run in this process
    process.on('warning', collect);
    system = await openFaultSystem({ ownPostgres: true });
    await system.workers[0]?.start();
    waits = await longWaits(system);
  });
  afterAll(async () => {
    await waits?.close();
    await system?.close();
    process.off('warning', collect);
  });

  test('waits longer than a timer of JavaScript do not end at once, nor by a restart of everything', async () => {
    const begun = await atRest(waits);
    const due = Object.fromEntries(
      begun.waiting.map(({ of, since, due }) => [of, (Date.parse(due ?? '') - Date.parse(since)) / DAY]),
    );
    expect(due).toEqual({ asked: 30, thinking: 40, home: expect.closeTo(182, -1) });
    for (const days of Object.values(due)) expect(days * DAY).toBeGreaterThan(LONGEST_TIMER);
    expect(begun).toMatchObject({ endpoint: 'active', alarms: 0 });

    await pause(watchMs);
    expect(await waits.see()).toEqual(begun);
    await restartEverything(system);
    expect((await atRest(waits)).waiting).toEqual(begun.waiting);
    await pause(watchMs);
    expect(await waits.see()).toEqual(begun);

    // at once and after five seconds; the third attempt is after five minutes, and the fourth half an hour later
    expect(waits.deliveries()).toBeGreaterThanOrEqual(1);
    expect(waits.deliveries()).toBeLessThanOrEqual(3);
    expect(overflowsIn(system.folder)).toEqual([]);
    expect(warnings).toEqual([]);
  }, 400_000);
}
