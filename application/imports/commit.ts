import type { Refusal } from '../../domain/imports/importRecord.ts';
import type { JudgedRow } from '../../domain/imports/judgeRow.ts';
import { coreOf, type PersonCore } from '../../domain/personData.ts';
import { type Instant, iso, type OperationClock, toOperation } from '../../domain/time.ts';
import { importRun, workflowId } from '../../workflows/messages.ts';
import type { HouseholdInput, OperationFrame } from '../households/register.ts';
import type { ImportTransaction, LockedImport, Start, Transactions } from './record.ts';

export type CommitOutcome =
  | { outcome: 'started'; start: Start }
  | { outcome: 'not_checked' | 'nobody_acceptable' | 'registration_closed' | 'corrects_another' | 'unknown' };

/** A person commits the list after the dry run. Idempotent. */
export const startCommit =
  ({ transaction }: Transactions) =>
  (importId: string): Promise<CommitOutcome> =>
    transaction(async (tx) => {
      const found = (await tx.lock(importId)).get(importId);
      if (found === undefined) return { outcome: 'unknown' };
      if (found.continues !== null) return { outcome: 'corrects_another' };
      const start = importRun(importId, 'commit', found.round);
      if (['committing', 'starting', 'done'].includes(found.status)) return { outcome: 'started', start };
      if (found.status !== 'checked') return { outcome: 'not_checked' };
      if (!(await tx.registrationOpen(found.operationId))) return { outcome: 'registration_closed' };
      const acceptable = await tx.acceptable(importId);
      if (acceptable === 0) return { outcome: 'nobody_acceptable' };
      await tx.committing(importId, acceptable);
      await tx.order(importId, 'commit', start);
      return { outcome: 'started', start };
    });

/** A row of the list and the person that it is. */
export type PersonOfRow = { row: number; personId: string };

export type CommitReads = {
  /**
   * The complete households that begin within the next `size` rows. `last` is the cursor after them; undefined at the
   * end. A household that began before the cursor is registered with its later rows. Members of an earlier commit are
   * already registered, and corrected rows join them.
   */
  households(
    importId: string,
    after: number,
    size: number,
  ): Promise<{ households: HouseholdInput[]; last: number | undefined }>;
  /** Who is registered in the operation under these numbers; `reference` is the household's number in its list. */
  known(
    operationId: string,
    personRefs: readonly string[],
  ): Promise<
    Array<{
      personId: string;
      core: PersonCore;
      householdId: string;
      reference: string;
      relationship: string;
      sex: string;
      nationality: string;
      headNationality: string;
      hasHead: boolean;
      /** their journey in this operation has ended */
      ended: boolean;
    }>
  >;
};

/** What all households of a list share. */
export type ListRegistration = {
  operationId: string;
  importId: string;
  /** ids of people derive from it */
  origin: string;
  frame: OperationFrame;
  /** operation time */
  at: Instant;
  referenceDate: string;
};

/** @template Ready households with all their rows, encrypted, that are not written yet */
export type CommitTransaction<Ready> = Pick<ImportTransaction, 'lock'> &
  CommitReads & {
    /** The operation, so locked that nobody closes it meanwhile; undefined if it is unknown. */
    frame(operationId: string): Promise<OperationFrame | undefined>;
    register(households: Ready): Promise<PersonOfRow[]>;
    /** The rows get their people, and the cursor moves on. */
    passed(importId: string, cursor: number, people: readonly PersonOfRow[]): Promise<void>;
    /** Registered people stay registered; the other rows wait, and the import says so. */
    stopped(importId: string, refusal: Refusal): Promise<void>;
    /** The journeys are being started. Rejected rows, if there are any, get a task. @param at operation time */
    allRegistered(importId: string, operationId: string, at: string): Promise<void>;
  };

export type CommitPorts<Ready> = CommitReads & {
  transaction<T>(work: (tx: CommitTransaction<Ready>) => Promise<T>): Promise<T>;
  /** Needs no database. */
  prepare(registration: ListRegistration, households: readonly HouseholdInput[]): Ready;
  /** real time */
  now(): Instant;
  /** rows read in one transaction; households are complete, so it may register a few more */
  page?: number | undefined;
};

/** Households that were read and encrypted while those before were written: `after` which row, in which check. */
export type PageAhead<Ready> = {
  round: number;
  after: number;
  rulesVersion: number;
  last: number | undefined;
  /** rows of people who were registered by another list */
  before: PersonOfRow[];
  ready: Ready;
};

export type CommittedPage<Ready> = {
  outcome: 'more' | 'finished' | 'registration_closed';
  cursor: number;
  ahead?: Promise<PageAhead<Ready>>;
};

const CLOSED: Refusal = {
  code: 'registration_closed',
  detail: 'The operation has closed registration; people who were already committed stay registered.',
  hint: 'Ask the operation lead, or import the rest into another operation.',
};

/**
 * Registers the next households from the cursor on, in one transaction.
 * `ahead` is the result of the call before: these households, read and encrypted while that call wrote. It is never
 * stored. Without it, or if it no longer fits, they are read now.
 */
export const commitPage =
  <Ready>(ports: CommitPorts<Ready>) =>
  async (importId: string, ahead?: Promise<PageAhead<Ready>>): Promise<CommittedPage<Ready>> => {
    // An error of the read-ahead appears again in the read below.
    const given = await ahead?.catch(() => undefined);
    return ports.transaction(async (tx) => {
      const job = (await tx.lock(importId)).get(importId);
      if (job?.status !== 'committing') return { outcome: 'finished', cursor: job?.cursor ?? 0 };
      const { operationId, round, cursor } = job;
      const frame = await tx.frame(operationId);
      if (frame === undefined || !frame.registrationOpen) {
        await tx.stopped(importId, CLOSED);
        return { outcome: 'registration_closed', cursor };
      }
      const fits = given?.round === round && given.after === cursor && given.rulesVersion === frame.rulesVersion;
      const page = fits ? given : await readPage(tx, job, frame, cursor);
      if (page.last === undefined) {
        await tx.allRegistered(importId, operationId, iso(nowIn(frame)));
        return { outcome: 'finished', cursor };
      }
      const writing = tx.register(page.ready);
      const next = readPage(ports, job, frame, page.last);
      next.catch(() => {});
      await tx.passed(importId, page.last, [...page.before, ...(await writing)]);
      return { outcome: 'more', cursor: page.last, ahead: next };
    });

    async function readPage(
      reads: CommitReads,
      { operationId, referenceDate, round }: LockedImport,
      frame: OperationFrame,
      after: number,
    ): Promise<PageAhead<Ready>> {
      const { households, last } = await reads.households(importId, after, ports.page ?? 500);
      const { fresh, before } = await registeredBefore(reads, operationId, households);
      const at = nowIn(frame);
      const ready = ports.prepare({ operationId, importId, origin: importId, frame, at, referenceDate }, fresh);
      return { round, after, rulesVersion: frame.rulesVersion, last, before, ready };
    }

    function nowIn({ clock }: { clock: OperationClock }): Instant {
      return toOperation(clock, ports.now());
    }
  };

/** Registers household by household, in bounded transactions with a cursor; false if registration has closed. */
export const commitList =
  <Ready>(commitNext: ReturnType<typeof commitPage<Ready>>) =>
  async (importId: string, progress: (at: { cursor: number }) => void): Promise<boolean> => {
    let next: Promise<PageAhead<Ready>> | undefined;
    for (;;) {
      const { outcome, cursor, ahead } = await commitNext(importId, next);
      next = ahead;
      progress({ cursor });
      if (outcome !== 'more') return outcome === 'finished';
    }
  };

export type StartsPorts = {
  journeys(importId: string): Promise<string[]>;
  /** how many of these runs are not started yet */
  startsLeft(workflowIds: readonly string[]): Promise<number>;
};

/** Journeys of the import that the workflow starter has not started yet. */
export const countStartsLeft =
  ({ journeys, startsLeft }: StartsPorts) =>
  async (importId: string): Promise<number> =>
    startsLeft((await journeys(importId)).map(workflowId.journey));

/**
 * A repeated list holds the same registrations, not other people. This separates households that are registered already
 * (every member under the same number with the same data) from those with anything new. The latter are registered, and
 * known members in them become duplicate candidates. Whoever has an ended journey is not registered already: the row is
 * registered anew, into the household of those who go on, and is a duplicate candidate of the person who was ended.
 * @returns for the rows of the former, who they are
 */
async function registeredBefore(
  reads: CommitReads,
  operationId: string,
  households: readonly HouseholdInput[],
): Promise<{ fresh: readonly HouseholdInput[]; before: PersonOfRow[] }> {
  const refs = households.flatMap(({ members }) => members.map(({ meaning }) => meaning.personRef));
  const known = await reads.known(operationId, refs);
  if (known.length === 0) return { fresh: households, before: [] };
  const isSame = ({ meaning }: JudgedRow, one: (typeof known)[number]): boolean =>
    JSON.stringify(one.core) === JSON.stringify(coreOf(meaning)) &&
    one.relationship === meaning.relationship &&
    one.sex === meaning.sex &&
    one.nationality === meaning.nationality &&
    one.reference === meaning.householdRef;
  const byRef = Map.groupBy(known, ({ core }) => core.personRef);
  const find = (member: JudgedRow, ended: boolean) =>
    byRef.get(member.meaning.personRef)?.find((one) => one.ended === ended && isSame(member, one));
  const before: PersonOfRow[] = [];
  const fresh = households.flatMap((household) => {
    const found = household.members.map((member) => ({ member, open: find(member, false) }));
    const homes = new Set(found.flatMap(({ open }) => open?.householdId ?? []));
    const missing = found.flatMap(({ member, open }) => (open ? [] : [member]));
    const comeBack = missing.every((member) => find(member, true) !== undefined);
    const home = found.flatMap(({ open }) => open ?? [])[0];
    if (household.joins !== undefined || homes.size !== 1 || home === undefined || !comeBack) return [household];
    before.push(...found.flatMap(({ member, open }) => (open ? [{ row: member.row, personId: open.personId }] : [])));
    if (missing.length === 0) return [];
    const { householdId, headNationality, hasHead } = home;
    return [{ ...household, members: missing, joins: { householdId, headNationality, hasHead } }];
  });
  return { fresh, before };
}
