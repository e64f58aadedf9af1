import { setTimeout as sleep } from 'node:timers/promises';
import type { Client as TemporalClient } from '@temporalio/client';
import { type Loop, type LoopOptions, startLoop, startNudges } from '../../adapters/background/loop.ts';
import type { Keyring } from '../../adapters/crypto/keyring.ts';
import { raiseAlarm } from '../../adapters/postgres/alarms.ts';
import type { Db } from '../../adapters/postgres/database.ts';
import { checkedListsOn, matchingOn } from '../../adapters/postgres/duplicates/matching.ts';
import { unsettledOn } from '../../adapters/postgres/preparedCommands.ts';
import { type InboxDeps, inboxIn } from '../../adapters/postgres/requests.ts';
import { outboxOn } from '../../adapters/postgres/webhooks/feed.ts';
import { askToGoOn, readVersions } from '../../adapters/temporal/versions.ts';
import { isWorkflowMissing, temporalIsAway, type WorkflowGateway } from '../../adapters/temporal/workflowGateway.ts';
import { codeOf, eachOf } from '../../application/background.ts';
import { wasRefused } from '../../application/commands.ts';
import { compareCheckedList, matchNewcomers } from '../../application/duplicates/match.ts';
import { type SettlePorts, settlePrepared } from '../../application/preparedCommands.ts';
import { type Delivered, processInbox, type Signals } from '../../application/requests/processInbox.ts';
import { watchVersions } from '../../application/versions/watch.ts';
import { publishOutbox } from '../../application/webhooks/feed.ts';
import { type Instant, isoDay, MINUTE } from '../../domain/time.ts';
import { NEW_VERSION, TASK_QUEUE, workflowId } from '../../workflows/messages.ts';
import { type Starting, startsIn } from './starts.ts';

/** Locks of the loops: any number that no other lock uses. */
const OUTBOX_PUBLISHER_LOCK = 7_261_001;
const INBOX_PROCESSOR_LOCK = 7_261_002;
const DUPLICATE_MATCHER_LOCK = 7_261_003;
const VERSION_WATCH_LOCK = 7_261_007;
const COMMAND_SETTLER_LOCK = 7_261_008;

type LoopDeps = Pick<LoopOptions, 'connectionString' | 'log' | 'times'> & { pollMs?: number };

/**
 * Gives committed outbox rows gapless positions, makes a delivery for each subscribed endpoint, and nudges the feeds.
 */
export function startOutboxPublisher({
  gateway,
  ...deps
}: LoopDeps & { gateway: Pick<WorkflowGateway, 'nudgeFeed'> }): Loop {
  const nudges = startNudges((endpointId) => gateway.nudgeFeed(endpointId), deps.log);
  const publish = publishOutbox(() => performance.now());
  const loop = startLoop({
    pollMs: 1_000,
    ...deps,
    name: 'outbox publisher',
    lock: OUTBOX_PUBLISHER_LOCK,
    channel: 'outbox',
    pass: (db) => publish({ ...outboxOn(db), nudge: nudges.ask }),
  });
  return {
    async stop() {
      await loop.stop();
      await nudges.stop();
    },
  };
}

const STARTS = 64;

/**
 * Starts the workflows that are still to start. Every process may run one: a lock on the rows prevents double work.
 * @param perSecond most starts a second, so that running workflows keep their share of the server
 */
export function startWorkflowStarter({
  gateway,
  perSecond = 200,
  ...deps
}: LoopDeps & Starting & { perSecond?: number }): Loop {
  return startLoop({
    pollMs: 1_000,
    ...deps,
    name: 'workflow starter',
    channel: 'starts',
    async pass(db) {
      const begun = performance.now();
      const count = await startsIn(db, { gateway, log: deps.log }).startOldest(STARTS);
      if (count < STARTS) return 'idle';
      await sleep(Math.max(0, (count / perSecond) * 1_000 - (performance.now() - begun)));
      return 'more';
    },
  });
}

const CALL_WITHIN_MS = 10_000;

/** Looks after workflows of versions that are not current. */
export function startVersionWatch({
  client,
  identity,
  now,
  ...deps
}: LoopDeps & { client: TemporalClient; identity: string; now: () => number }): Loop {
  const soon = <T>(call: () => Promise<T>): Promise<T> =>
    client.connection.withDeadline(Date.now() + CALL_WITHIN_MS, call);
  const watch = watchVersions({
    versions: () => soon(() => readVersions(client, TASK_QUEUE, now)),
    askToGoOn: (occasion) => soon(() => askToGoOn(client, { signal: NEW_VERSION, identity, occasion })),
    now,
    log: deps.log,
  });
  return startLoop({
    pollMs: MINUTE,
    ...deps,
    name: 'version watch',
    lock: VERSION_WATCH_LOCK,
    async pass(db) {
      await watch((alarm, occasion) => raiseAlarm(db, alarm, occasion));
      return 'idle';
    },
  });
}

/** What the duplicate matcher does on its connection. @param clock real time */
export const duplicateMatching = (keyring: Keyring, clock: () => number) => (db: Db) => ({
  matchNewcomers: matchNewcomers({ ...matchingOn(db, keyring), clock }),
  compareCheckedList: compareCheckedList(checkedListsOn(db, keyring)),
});

const why: SettlePorts['why'] = (error) =>
  wasRefused(error) ? 'refused' : isWorkflowMissing(error) ? 'missing' : 'unknown';

/** Settles commands whose rows stand and which have no event. */
export function startCommandSettler({ send, ...deps }: LoopDeps & { send: SettlePorts['send'] }): Loop {
  return startLoop({
    pollMs: 5_000,
    ...deps,
    name: 'command settler',
    lock: COMMAND_SETTLER_LOCK,
    async pass(db) {
      await settlePrepared({ ...unsettledOn(db), send, why, clock: Date.now })();
      return 'idle';
    },
  });
}

const AT_ONCE = 16;

/** Applies the callbacks of partners, in one process at a time. */
export function startInboxProcessor({
  gateway,
  storeNumber,
  ...deps
}: LoopDeps &
  Pick<InboxDeps, 'storeNumber'> & { gateway: Pick<WorkflowGateway, 'partnerAnswered' | 'carrierReported'> }): Loop {
  const inbox = { storeNumber, workflowOf: workflowId.movement, clock: Date.now };
  const send = (signals: Signals) =>
    signals.to === 'vehicle'
      ? gateway.carrierReported(signals.subject, signals.reports)
      : gateway.partnerAnswered({ kind: signals.to, id: signals.subject }, signals.answers);

  return startLoop({
    pollMs: 1_000,
    ...deps,
    name: 'inbox processor',
    lock: INBOX_PROCESSOR_LOCK,
    channel: 'inbox',
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

/**
 * Compares newly registered people, and the rows of checked lists, with everybody known. Pairs go to a person to decide.
 * Several processes may start a matcher; one works, the others stand by. It works half of the time, so that a long list
 * delays nothing else in this process.
 */
export function startDuplicateMatcher({
  matching,
  now,
  ...deps
}: LoopDeps & { matching: ReturnType<typeof duplicateMatching>; now(): Instant }): Loop {
  return startLoop({
    pollMs: 1_000,
    ...deps,
    name: 'duplicate matcher',
    lock: DUPLICATE_MATCHER_LOCK,
    // A portion of a list may meet everybody known.
    statementTimeoutMs: 600_000,
    async pass(db) {
      let begun = performance.now();
      const pause = async () => {
        await sleep(performance.now() - begun);
        begun = performance.now();
      };
      try {
        const { matchNewcomers, compareCheckedList } = matching(db);
        if ((await matchNewcomers()) > 0) await pause();
        else if (!(await compareCheckedList(pause))) return 'idle';
        return 'more';
      } catch (error) {
        // Everybody who arrives later waits behind the failure, so an alarm is raised once a day. Without the database
        // none can be raised.
        const day = isoDay(now());
        const alarm = { subject: 'comparer', kind: 'comparison_fails', detail: { error: codeOf(error) } } as const;
        await raiseAlarm(db, alarm, day).catch(() => undefined);
        throw error;
      }
    },
  });
}
