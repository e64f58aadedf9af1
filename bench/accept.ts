/**
 * B1.accept: how long somebody who registers people waits for the answer, in the middle of a rush.
 *
 * Ours: the same request as B1 measures, 100 a second, each begun on time whether those before are answered or not, and
 * timed from when it was due; the worker runs and plays every journey's first steps on the same two cores.
 * Peer, reported without a limit: a bare `client.workflow.start` under the same load, with the same worker idle.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type Bench, quantile, type Side } from './bench.ts';
import { openLoop, until } from './load.ts';
import { openOperation } from './operation.ts';
import { openRegistrar } from './registrar.ts';
import { type BenchSystem, openBenchSystem, PROCESS } from './system.ts';

const PEOPLE = 1_500;
const PER_SECOND = 100;

export const accept: Bench = {
  id: 'B1.accept',
  title: 'how long a registration waits for its answer in a rush',
  rows: [
    {
      id: 'B1.accept',
      says: `99th percentile at ${PER_SECOND} requests/s for ${PEOPLE / PER_SECOND} s; peer: a bare start under the same load`,
      unit: 'ms',
      limit: { of: 'ours', atMost: 50 },
    },
    { id: 'B1.typical', says: 'the same, median', unit: 'ms' },
  ],
  async prepare(say) {
    const system = await openBenchSystem(say);
    try {
      await system.start(PROCESS.api);
      await system.start(PROCESS.worker);
      const { people, register, startBare, close } = await openRegistrar(
        system,
        await openOperation(system.as('coordinator')),
      );
      return {
        flags: system.flags,
        async ours() {
          await caughtUp(system);
          return percentiles(await openLoop(people(PEOPLE), PER_SECOND, register));
        },
        async peer() {
          await caughtUp(system);
          return percentiles(await openLoop(people(PEOPLE), PER_SECOND, startBare));
        },
        async close() {
          await close();
          await system.close();
        },
      };
    } catch (error) {
      await system.close();
      throw error;
    }
  },
};

const percentiles = (took: readonly number[]): Side => ({
  'B1.accept': quantile(took, 0.99),
  'B1.typical': quantile(took, 0.5),
});

/** Nobody's journey is still at its first steps: every registered person's journey is waiting. */
async function caughtUp({ pool }: BenchSystem): Promise<void> {
  await until(
    async () => {
      const { rows } = await pool.query<{ left: number }>(
        'select count(*)::int as left from journeys j where not exists (select from waits w where w.subject = j.id)',
      );
      return rows[0]?.left === 0;
    },
    'every journey to wait for somebody',
    { withinMs: 180_000 },
  );
  await pause(1_000);
}
