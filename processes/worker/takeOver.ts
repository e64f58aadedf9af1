import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { askToGoOn, makeCurrent, type TakesOver } from '../../adapters/temporal/versions.ts';
import { codeOf, type Log } from '../../application/background.ts';
import { NEW_VERSION } from '../../workflows/messages.ts';

const AGAIN_IN_MS = 5_000;

export type TakeOverOptions = {
  client: Client;
  buildId: string;
  takesOver: TakesOver;
  identity: string;
  log: Log;
  /** what only the current version does */
  whenCurrent: () => Promise<void>;
  stopping: AbortSignal;
};

/** Makes this worker's version current where it may be, and asks the workflows of other versions to go on in it. */
export async function takeOver({ client, stopping, log, whenCurrent, ...version }: TakeOverOptions): Promise<void> {
  const { buildId, identity } = version;
  while (!stopping.aborted) {
    try {
      if (!(await makeCurrent(client, version))) {
        log.info({ version: buildId }, 'another version is current; this one waits until it is made current');
        return;
      }
      log.info({ version: buildId }, 'this version is current');
      await askToGoOn(client, { signal: NEW_VERSION, identity });
      await whenCurrent();
      return;
    } catch (error) {
      log.warn({ version: buildId, error: codeOf(error) }, 'the version has not taken over yet, tried again');
      await pause(AGAIN_IN_MS, undefined, { signal: stopping }).catch(() => undefined);
    }
  }
}
