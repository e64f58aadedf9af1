import { mergedOverride, type Override } from '../../domain/imports/file.ts';
import { importRun } from '../../workflows/messages.ts';
import type { ImportTransaction, Start, Transactions } from './record.ts';

export type ReprocessOutcome =
  | { outcome: 'ordered'; start: Start }
  | { outcome: 'unknown' | 'busy' | 'registered' | 'joined' | 'not_kept' };

/**
 * A person overrides how the list is read, on top of earlier overrides, and the list is checked again. The meaning of
 * headings is remembered for the next lists of its source. It is refused once anybody of the list is registered.
 */
export const reprocess =
  ({ transaction }: Transactions) =>
  (importId: string, given: Override, overriddenBy: string): Promise<ReprocessOutcome> =>
    transaction(async (tx) => {
      const found = (await tx.lock(importId)).get(importId);
      if (found === undefined) return { outcome: 'unknown' };
      if (found.joined) return { outcome: 'joined' };
      if (await tx.hasRegistered(importId)) return { outcome: 'registered' };
      if (!(await tx.isStored(importId))) return { outcome: 'not_kept' };
      if (found.status !== 'checked' && found.status !== 'refused') return { outcome: 'busy' };
      const all = mergedOverride(await tx.overrides(importId), given);
      await tx.writeOverride(importId, { round: found.round + 1, given: all, overriddenBy });
      await tx.rememberHeadings(importId, given.columns ?? [], overriddenBy);
      return { outcome: 'ordered', start: await checkAgain(tx, importId) };
    });

/** Orders another check of a list from the beginning. @returns the run that does it */
export async function checkAgain(tx: ImportTransaction, importId: string): Promise<Start> {
  const start = importRun(importId, 'check', await tx.restart(importId));
  await tx.order(importId, 'check', start);
  return start;
}
