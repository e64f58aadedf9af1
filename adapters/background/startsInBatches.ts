/**
 * As many starts under way together as keep the server busy (ceilings.md 2.1), in small batches, since the last of a batch
 * leave it idle; the rest of the pool's connections is for those who ask.
 */
const BATCHES_AT_ONCE = 4;
const BATCH = 16;

type Order = { workflowId: string; carriedOut: () => void };

/**
 * Carries out orders to start in batches, as requests give them one by one: while four batches are under way, those that
 * come wait together for the next. In a rush a transaction and a connection for each start would be what people wait for
 * who register, and not the start itself.
 * @param start starts these; never rejects, since what does not start now is started by the starter
 * @returns what takes orders; its promise resolves when they have been tried
 */
export function startsInBatches(
  start: (workflowIds: readonly string[]) => Promise<void>,
): (workflowIds: readonly string[]) => Promise<void> {
  const waiting: Order[] = [];
  let underWay = 0;
  const carryOut = async (): Promise<void> => {
    underWay += 1;
    while (waiting.length > 0) {
      const batch = waiting.splice(0, BATCH);
      await start(batch.map(({ workflowId }) => workflowId));
      for (const { carriedOut } of batch) carriedOut();
    }
    underWay -= 1;
  };
  return async (workflowIds) => {
    const orders = workflowIds.map(
      (workflowId) =>
        new Promise<void>((carriedOut) => {
          waiting.push({ workflowId, carriedOut });
        }),
    );
    if (underWay < BATCHES_AT_ONCE) void carryOut();
    await Promise.all(orders);
  };
}
