/**
 * B1: how fast people are registered, until each workflow exists on the server.
 *
 * Ours: `POST /v1/operations/{id}/households`, one person each, over HTTP to the real API process: token checked,
 * every cell judged, the person encrypted under a key of their own, search keys, journey and order to start, the answer
 * kept under its idempotency key, all committed in PostgreSQL; then the run started. The clock stops when the last order
 * to start is settled, which is after the server has said that the run is there.
 * Peer: nothing but `client.workflow.start` of the same workflow with the same input as ours has, on the same server at
 * the same concurrency, in the bench's own process.
 * Neither side has a worker: first workflow tasks would weigh on both alike and hide the difference.
 */
import type { Bench } from './bench.ts';
import { closedLoop } from './load.ts';
import { openOperation } from './operation.ts';
import { openRegistrar } from './registrar.ts';
import { openBenchSystem, PROCESS } from './system.ts';

const PEOPLE = 1_500;
const AT_ONCE = 64;

export const registration: Bench = {
  id: 'B1',
  title: 'people registered against bare workflow starts',
  rows: [
    {
      id: 'B1',
      says: `runs that exist a second, ${PEOPLE} people, ${AT_ONCE} at once; peer: client.workflow.start`,
      unit: 'starts/s',
      limit: { of: 'ratio', atLeast: 0.8 },
    },
  ],
  async prepare(say) {
    const system = await openBenchSystem(say);
    try {
      await system.start(PROCESS.api);
      const worker = await system.start(PROCESS.worker);
      const operationId = await openOperation(system.as('coordinator'));
      await worker.stop();
      const { people, register, startBare, allStarted, close } = await openRegistrar(system, operationId);
      return {
        flags: system.flags,
        async ours() {
          await allStarted();
          const began = performance.now();
          await closedLoop(people(PEOPLE), AT_ONCE, register);
          await allStarted();
          return { B1: (PEOPLE * 1_000) / (performance.now() - began) };
        },
        async peer() {
          return { B1: PEOPLE / (await closedLoop(people(PEOPLE), AT_ONCE, startBare)) };
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
