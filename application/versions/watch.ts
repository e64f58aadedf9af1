import type { Client as TemporalClient } from '@temporalio/client';
import { type Instant, iso, MINUTE } from '../../domain/time.ts';
import { raiseAlarm } from '../postgres/alarms.ts';
import { askToGoOn, readVersions, withoutWorker } from '../temporal/versions.ts';
import { type Loop, type LoopLog, startLoop } from './loop.ts';

/** Session lock of the one watch; any number that nobody else uses. */
const WATCH_LOCK = 7_261_007;
const CALL_WITHIN_MS = 10_000;

export type VersionWatchDeps = {
  connectionString: string;
  client: TemporalClient;
  taskQueue: string;
  /** the signal that asks a workflow to go on in the current version */
  signal: string;
  identity: string;
  /** real time */
  now: () => Instant;
  log: LoopLog;
  pollMs?: number;
};

/**
 * Looks after workflows of versions that are not current: asks them to go on in the current one, also where the process
 * that made it current has died before it could, and raises an alarm for those whose version has no worker.
 */
export function startVersionWatch({ connectionString, log, pollMs = MINUTE, ...deps }: VersionWatchDeps): Loop {
  const { client, taskQueue, signal, identity, now } = deps;
  // Each workflow is asked once a day, and an alarm is raised once a day.
  const today = () => iso(now()).slice(0, 10);
  const soon = <T>(call: () => Promise<T>): Promise<T> =>
    client.connection.withDeadline(Date.now() + CALL_WITHIN_MS, call);
  let before = new Set<string>();
  return startLoop({
    name: 'versionWatch',
    connectionString,
    lock: WATCH_LOCK,
    pollMs,
    log,
    async pass(db) {
      const versions = await soon(() => readVersions(client, taskQueue, now));
      const suspended = withoutWorker(versions);
      for (const { buildId, openWorkflows, oldestTaskSeconds } of suspended) {
        // A worker that has just been started, or is started again, is no reason to call anybody.
        if (!before.has(buildId)) continue;
        const detail = { open_workflows: openWorkflows, oldest_task_seconds: oldestTaskSeconds };
        log.warn({ version: buildId, ...detail }, 'workflows are pinned to a version that no worker runs');
        await raiseAlarm(db, { subject: buildId, kind: 'version_without_worker', detail }, today());
      }
      before = new Set(suspended.map(({ buildId }) => buildId));
      const left = versions.filter((version) => !version.current && version.openWorkflows > 0);
      if (left.length > 0 && (await soon(() => askToGoOn(client, { signal, identity, occasion: today() }))))
        log.info({ versions: left.map(({ buildId }) => buildId) }, 'asked workflows to go on in the current version');
      return 'idle';
    },
  });
}
