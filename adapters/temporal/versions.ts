import { setTimeout as pause } from 'node:timers/promises';
import { type Client, isGrpcServiceError } from '@temporalio/client';
import type { WorkerVersion } from '../../application/versions/watch.ts';

/** The worker deployment of the system: all its worker versions belong to it. */
export const DEPLOYMENT = 'homeward';

const NOT_FOUND = 5;
const ALREADY_EXISTS = 6;
const FAILED_PRECONDITION = 9;
/** A worker asks again within a minute at the latest, also when nothing comes. */
const SEEN_WITHIN_MS = 90_000;
const CALL_WITHIN_MS = 10_000;
const SPREADING = 1;
const DRAINED = 2;

type Deployment = {
  current: string | undefined;
  /** when the current version became current: the occasion of everything that follows from it */
  currentSince: string;
  /** the queues do not know the current version yet */
  spreading: boolean;
  known: Array<Pick<WorkerVersion, 'buildId' | 'current' | 'wasCurrent'> & { drained: boolean }>;
  token: Uint8Array | undefined;
};

/** undefined while no versioned worker has ever asked for work. */
async function readDeployment(client: Client): Promise<Deployment | undefined> {
  try {
    const { namespace } = client.options;
    const { workerDeploymentInfo: info, conflictToken } =
      await client.connection.workflowService.describeWorkerDeployment({ namespace, deploymentName: DEPLOYMENT });
    const current = info?.routingConfig?.currentDeploymentVersion?.buildId || undefined;
    const since = info?.routingConfig?.currentVersionChangedTime;
    return {
      current,
      currentSince: `${Number(since?.seconds ?? 0)}.${since?.nanos ?? 0}`,
      spreading: Number(info?.routingConfigUpdateState) === SPREADING,
      known: (info?.versionSummaries ?? []).flatMap(({ deploymentVersion, lastCurrentTime, drainageStatus }) => {
        const buildId = deploymentVersion?.buildId;
        if (!buildId) return [];
        return [
          {
            buildId,
            current: buildId === current,
            wasCurrent: Boolean(lastCurrentTime),
            drained: Number(drainageStatus) === DRAINED,
          },
        ];
      }),
      token: conflictToken,
    };
  } catch (error) {
    if (hasCode(error, NOT_FOUND)) return undefined;
    throw error;
  }
}

/** Every version that the server still knows, the current one first. */
export async function readVersions(
  client: Client,
  taskQueue: string,
  now: () => number = Date.now,
): Promise<WorkerVersion[]> {
  const deployment = await readDeployment(client);
  if (!deployment) return [];
  const polled = await pollersOf(client, taskQueue, now() - SEEN_WITHIN_MS);
  const versions = await Promise.all(
    deployment.known.map(async ({ drained, ...version }): Promise<WorkerVersion> => {
      const { buildId } = version;
      const open = drained ? 0 : await openWorkflows(client, buildId);
      return {
        ...version,
        hasWorker: polled.has(buildId),
        openWorkflows: open,
        oldestTaskSeconds: open === 0 ? 0 : await oldestTaskSeconds(client, buildId),
      };
    }),
  );
  return versions.toSorted((a, b) => Number(b.current) - Number(a.current));
}

/** How many workflows are pinned to a version and have not ended. */
export async function openWorkflows(client: Client, buildId: string): Promise<number> {
  const { count } = await client.workflow.count(
    `TemporalWorkerDeploymentVersion = "${DEPLOYMENT}:${buildId}" and ExecutionStatus = "Running"`,
  );
  return count;
}

/**
 * When a version becomes current. `when_none`: where no version is. `when_new`: also where it has never been current, so
 * that each version takes over once by itself and a restart of an older one takes nothing back. `always`: a person says so.
 */
export type TakesOver = 'when_none' | 'when_new' | 'always';

export type MakeCurrentOptions = { buildId: string; takesOver: TakesOver; identity: string; withinMs?: number };

/**
 * Makes a version current as soon as its worker has asked for work, and waits a while until the queues know. Several may try at
 * once: each decides on what it has read, and decides again where another was quicker.
 * @returns whether it is current now. @throws Error where the version does not come, or the server does not answer
 */
export async function makeCurrent(
  client: Client,
  { buildId, takesOver, identity, withinMs = 30_000 }: MakeCurrentOptions,
): Promise<boolean> {
  const until = Date.now() + withinMs;
  let refused = 'no worker of it has asked for work';
  for (;;) {
    const deployment = await soon(client, () => readDeployment(client));
    const own = deployment?.known.find((version) => version.buildId === buildId);
    if (own?.current && !deployment?.spreading) return true;
    if (deployment?.current !== undefined && !own?.current) {
      if (takesOver === 'when_none') return false;
      if (takesOver === 'when_new' && own?.wasCurrent) return false;
    }
    if (own && !own.current) {
      const token = deployment?.token;
      refused = await soon(client, () => tryToSet(client, { buildId, identity, token }));
    }
    if (Date.now() > until && own?.current) return true;
    if (Date.now() > until) throw new Error(`Version ${buildId} did not become current: ${refused}`);
    await pause(100);
  }
}

/**
 * Refused where the worker has not asked for all its queues yet, or somebody else has changed what was read.
 * @returns why it is not current yet
 */
async function tryToSet(
  client: Client,
  { buildId, identity, token }: { buildId: string; identity: string; token: Uint8Array | undefined },
): Promise<string> {
  const { namespace } = client.options;
  try {
    await client.connection.workflowService.setWorkerDeploymentCurrentVersion({
      ...{ namespace, deploymentName: DEPLOYMENT, buildId, identity },
      ...(token === undefined ? {} : { conflictToken: token }),
    });
    return 'the queues do not know it yet';
  } catch (error) {
    if (!isGrpcServiceError(error) || !(hasCode(error, NOT_FOUND) || hasCode(error, FAILED_PRECONDITION))) throw error;
    return error.details;
  }
}

/**
 * Asks the workflows of all other versions to go on in the current one. The server wakes nobody when a version becomes
 * current, and a journey may sleep for half a year. Each is asked once for each `occasion`, however often this is called.
 * @returns whether it was the first call
 */
export async function askToGoOn(
  client: Client,
  { signal, identity, occasion = '' }: { signal: string; identity: string; occasion?: string },
): Promise<boolean> {
  const deployment = await soon(client, () => readDeployment(client));
  if (deployment?.current === undefined) return false;
  const { current, currentSince } = deployment;
  const request = {
    namespace: client.options.namespace,
    jobId: ['go-on-in', current, currentSince, occasion].filter(Boolean).join('-'),
    reason: `Go on in version ${current}`,
    visibilityQuery: `TemporalWorkerDeployment = "${DEPLOYMENT}" and TemporalWorkerDeploymentVersion != "${DEPLOYMENT}:${current}" and ExecutionStatus = "Running"`,
    signalOperation: { signal, identity },
  };
  try {
    await soon(client, () => client.connection.workflowService.startBatchOperation(request));
    return true;
  } catch (error) {
    if (hasCode(error, ALREADY_EXISTS)) return false;
    throw error;
  }
}

/** Those who ask for workflow tasks, which is what the server tells where no other type is named. */
async function pollersOf(client: Client, taskQueue: string, since: number): Promise<Set<string>> {
  const { namespace } = client.options;
  const { pollers } = await client.connection.workflowService.describeTaskQueue({
    ...{ namespace, taskQueue: { name: taskQueue } },
  });
  const recent = (pollers ?? []).filter(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1_000 > since);
  return new Set(recent.flatMap(({ deploymentOptions }) => deploymentOptions?.buildId ?? []));
}

async function oldestTaskSeconds(client: Client, buildId: string): Promise<number> {
  const { namespace } = client.options;
  const { versionTaskQueues } = await client.connection.workflowService.describeWorkerDeploymentVersion({
    ...{ namespace, deploymentVersion: { deploymentName: DEPLOYMENT, buildId }, reportTaskQueueStats: true },
  });
  const ages = (versionTaskQueues ?? []).map(({ stats }) => Number(stats?.approximateBacklogAge?.seconds ?? 0));
  return Math.max(0, ...ages);
}

/** While the server is away a call would hang. */
function soon<T>(client: Client, call: () => Promise<T>): Promise<T> {
  return client.connection.withDeadline(Date.now() + CALL_WITHIN_MS, call);
}

function hasCode(error: unknown, code: number): boolean {
  if (!isGrpcServiceError(error)) return false;
  const status: number = error.code;
  return status === code;
}
