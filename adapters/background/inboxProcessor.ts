import { eachOf, type Log } from '../../application/background.ts';
import { type Delivered, processInbox, type Signals } from '../../application/requests/processInbox.ts';
import { type InboxDeps, inboxIn } from '../postgres/requests.ts';
import { temporalIsAway, type WorkflowGateway, type WorkflowNames } from '../temporal/workflowGateway.ts';
import { type Loop, startLoop } from './loop.ts';

const INBOX_PROCESSOR_LOCK = 7_261_002;
const AT_ONCE = 16;

export type InboxProcessorDeps = Pick<InboxDeps, 'storeNumber'> & {
  connectionString: string;
  gateway: Pick<WorkflowGateway, 'partnerAnswered' | 'carrierReported'>;
  names: Pick<WorkflowNames, 'workflowId'>;
  log: Log;
  pollMs?: number;
};

/** Applies the callbacks of partners, in one process at a time. */
export function startInboxProcessor({
  gateway,
  names,
  storeNumber,
  pollMs = 1_000,
  ...deps
}: InboxProcessorDeps): Loop {
  const inbox = { storeNumber, workflowOf: names.workflowId.movement, clock: Date.now };
  const send = (signals: Signals) =>
    signals.to === 'vehicle'
      ? gateway.carrierReported(signals.subject, signals.reports)
      : gateway.partnerAnswered({ kind: signals.to, id: signals.subject }, signals.answers);

  return startLoop({
    ...deps,
    name: 'inbox processor',
    lock: INBOX_PROCESSOR_LOCK,
    channel: 'inbox',
    pollMs,
    pass: (db) =>
      db.transaction().execute((tx) =>
        processInbox({
          ...inboxIn(tx, inbox),
          async deliver(signals) {
            const delivered: Delivered[] = [];
            await eachOf([...signals.entries()], AT_ONCE, async ([index, each]) => {
              try {
                delivered[index] = await send(each);
              } catch (error) {
                if (temporalIsAway(error)) throw error;
                delivered[index] = 'refused';
              }
            });
            return delivered;
          },
        }),
      ),
  });
}
