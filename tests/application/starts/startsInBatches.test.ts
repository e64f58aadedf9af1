import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { startsInBatches } from '../../../application/starts/start.ts';

const soon = (ms = 1): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('orders to start', () => {
  it('wait together for the next batch while four are under way', async () => {
    const batches: Array<readonly string[]> = [];
    const order = startsInBatches(async (ids) => {
      batches.push(ids);
      await soon(5);
    });
    await Promise.all(['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((id) => order([id])));
    expect(batches).toEqual([['a'], ['b'], ['c'], ['d'], ['e', 'f', 'g']]);
  });

  it('are each carried out once, in bounded batches, and are delivered when', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 90 }), { maxLength: 12 }), async (sizes) => {
        const started: string[] = [];
        let underWay = 0;
        const order = startsInBatches(async (ids) => {
          underWay += 1;
          expect(underWay).toBeLessThanOrEqual(4);
          expect(ids.length).toBeLessThanOrEqual(16);
          await soon(0);
          started.push(...ids);
          underWay -= 1;
        });
        const orders = sizes.map((size, request) => Array.from({ length: size }, (_, i) => `${request}-${i}`));
        await Promise.all(
          orders.map(async (ids) => {
            await order(ids);
            expect(started).toEqual(expect.arrayContaining(ids));
          }),
        );
        expect(started.sort()).toEqual(orders.flat().sort());
      }),
      { numRuns: 30 },
    );
  });

  it('of nobody are carried out at once', async () => {
    const order = startsInBatches(() => new Promise(() => {}));
    await expect(order([])).resolves.toBeUndefined();
  });
});
