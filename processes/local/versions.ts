/**
 * The worker versions on one machine. The build of today becomes current, because whoever starts it wants it. Each older
 * build that still has open workflows runs beside it, from its kept bundle, until none is left.
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { askToGoOn, makeCurrent, openWorkflows, readVersions } from '../../adapters/temporal/versions.ts';
import { withoutWorker } from '../../application/versions/watch.ts';
import { NEW_VERSION, TASK_QUEUE } from '../../workflows/messages.ts';
import type { Supervised } from '../parts/supervisor.ts';
import { type Bundle, readBundle } from '../worker/bundle.ts';

export interface VersionsOptions {
  client: Client;
  /** Bundles are kept here under their build id, as long as a workflow may need them. */
  folder: string;
  /** The one that the worker of today runs. */
  bundle: Bundle;
  /** Starts a worker of an older version. */
  startOlder(bundle: Bundle): Supervised;
  say: (line: string) => void;
  /** Milliseconds between looks at what is left of the older versions. */
  pollMs?: number;
  /** Real time. */
  now?: () => number;
}

export interface Versions {
  /** Resolves when today's version is current and the workflows of others are asked to go on in it, or after the first try. */
  ready: Promise<void>;
  stop(): Promise<void>;
}

/** What the processes are called in Temporal. */
const IDENTITY = 'npm start';
/** A version counts as drained when nothing is seen of it so many times in a row: what the server lists may lag behind. */
const EMPTY_LOOKS = 2;

type Older = { bundle: Bundle; worker?: Supervised; emptyLooks: number };

/** Keeps today's bundle, runs the older ones that are still needed, and makes today's current. */
export function runVersions({
  client,
  folder,
  bundle,
  startOlder,
  say,
  pollMs = 30_000,
  now,
}: VersionsOptions): Versions {
  const stopping = new AbortController();
  keep(folder, bundle);
  const older = new Map<string, Older>(
    keptIn(folder)
      .filter(({ buildId }) => buildId !== bundle.buildId)
      .map((kept) => [kept.buildId, { bundle: kept, emptyLooks: 0 }]),
  );
  const reported = new Set<string>();
  let current = false;

  const look = async (): Promise<void> => {
    for (const version of older.values()) await lookAt(version);
    for (const { buildId, openWorkflows: open } of withoutWorker(await readVersions(client, TASK_QUEUE, now))) {
      if (buildId === bundle.buildId || older.has(buildId) || reported.has(buildId)) continue;
      reported.add(buildId);
      say(
        `version ${buildId} has open workflows (${open}) and is not kept here, so they wait; docs/upgrading.md says what to do`,
      );
    }
  };

  const lookAt = async (version: Older): Promise<void> => {
    const { buildId, codePath } = version.bundle;
    const open = await openWorkflows(client, buildId);
    if (stopping.signal.aborted) return;
    if (open > 0) {
      version.emptyLooks = 0;
      if (version.worker) return;
      say(
        `version ${buildId} of before has open workflows (${open}); its worker runs until they have ended or gone on`,
      );
      version.worker = startOlder(version.bundle);
      version.worker.ready.catch((error: unknown) =>
        say(`version ${buildId} cannot be run: ${error instanceof Error ? error.message : String(error)}`),
      );
      return;
    }
    version.emptyLooks += 1;
    if (version.emptyLooks < EMPTY_LOOKS) return;
    if (version.worker) say(`nothing is left of version ${buildId}; its worker ends`);
    older.delete(buildId);
    await version.worker?.stop();
    rmSync(codePath, { force: true });
  };

  const takeOver = async (): Promise<void> => {
    // Their workers begin to run before they are asked: who is asked goes on from the version that it has.
    await look();
    await makeCurrent(client, { buildId: bundle.buildId, takesOver: 'always', identity: IDENTITY });
    current = true;
    await askToGoOn(client, { signal: NEW_VERSION, identity: IDENTITY });
  };

  /** Everything else runs all the same, and the next look tries again. */
  const tryTakeOver = async (): Promise<void> => {
    try {
      await takeOver();
    } catch (error) {
      if (stopping.signal.aborted) return;
      say(`the new version has not taken over yet: ${error instanceof Error ? error.message : String(error)}`);
    }
  };

  const watch = async (): Promise<void> => {
    await ready;
    while (!stopping.signal.aborted) {
      await pause(pollMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      // The server may be away for a while; the next look is made when it is back.
      if (stopping.signal.aborted) return;
      if (current) await look().catch(() => undefined);
      else await tryTakeOver();
    }
  };

  const ready = tryTakeOver();
  const watching = watch();
  return {
    ready,
    async stop() {
      stopping.abort();
      await client.connection.close();
      await watching;
    },
  };
}

function keep(folder: string, { codePath, buildId }: Bundle): void {
  const kept = join(folder, `${buildId}.js`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (existsSync(kept)) return;
  // Whole or not at all, also where the process ends in the middle.
  copyFileSync(codePath, `${kept}.making`);
  renameSync(`${kept}.making`, kept);
}

function keptIn(folder: string): Bundle[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.js'))
    .map((name) => readBundle(join(folder, name)));
}
