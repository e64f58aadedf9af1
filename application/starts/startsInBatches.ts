/**
 * How many starts run at once. A few small batches keep the server busy. The rest of the connection pool serves
 * requests.
 */
const BATCHES_AT_ONCE = 4;
const BATCH = 16;

type Order = { workflowId: string; carriedOut: () => void };

/**
 * Starts workflows in batches, as requests order them one by one. While four batches run, new orders wait for the next
 * batch. Under load, a transaction and a connection for each start would cost more than the start itself.
 * @param start starts these; it never rejects, since the workflow starter retries what fails
 * @returns takes orders; its promise resolves when they have been tried
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
