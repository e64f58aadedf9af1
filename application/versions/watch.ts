import { type Instant, iso } from '../../domain/time.ts';
import type { Alarm } from '../alarms/alarms.ts';
import type { Log } from '../background.ts';

/** One build of the workflows, as the server knows it. */
export type WorkerVersion = {
  buildId: string;
  /** new workflows start in it */
  current: boolean;
  /** it is current or has been before */
  wasCurrent: boolean;
  /** workflows that are pinned to it and have not ended */
  openWorkflows: number;
  /** a worker of it has asked for work a short time ago */
  hasWorker: boolean;
  /** so many seconds the oldest task waits for a worker of it; 0 where none waits */
  oldestTaskSeconds: number;
};

/** Versions whose workflows cannot continue: they are open and no worker runs them. */
export function withoutWorker(versions: readonly WorkerVersion[]): WorkerVersion[] {
  return versions.filter(({ openWorkflows, hasWorker }) => openWorkflows > 0 && !hasWorker);
}

export type WatchPorts = {
  versions(): Promise<WorkerVersion[]>;
  /** asks workflows to go on in the current version, once for each occasion; whether it was the first time */
  askToGoOn(occasion: string): Promise<boolean>;
  /** real time */
  now(): Instant;
  log: Log;
};

/**
 * Looks after workflows of versions that are not current: asks them to go on in the current one, also where the process
 * that made it current has died before it could, and raises an alarm for those whose version has no worker.
 */
export function watchVersions({ versions: readVersions, askToGoOn, now, log }: WatchPorts) {
  // Each workflow is asked once a day, and an alarm is raised once a day.
  const today = () => iso(now()).slice(0, 10);
  let before = new Set<string>();
  return async (raiseAlarm: (alarm: Alarm, occasion: string) => Promise<void>): Promise<void> => {
    const versions = await readVersions();
    const suspended = withoutWorker(versions);
    for (const { buildId, openWorkflows, oldestTaskSeconds } of suspended) {
      // A worker that has just been started, or is started again, is no reason to call anybody.
      if (!before.has(buildId)) continue;
      const detail = { open_workflows: openWorkflows, oldest_task_seconds: oldestTaskSeconds };
      log.warn({ version: buildId, ...detail }, 'workflows are pinned to a version that no worker runs');
      await raiseAlarm({ subject: buildId, kind: 'version_without_worker', detail }, today());
    }
    before = new Set(suspended.map(({ buildId }) => buildId));
    const left = versions.filter((version) => !version.current && version.openWorkflows > 0);
    if (left.length > 0 && (await askToGoOn(today())))
      log.info({ versions: left.map(({ buildId }) => buildId) }, 'asked workflows to go on in the current version');
  };
}
