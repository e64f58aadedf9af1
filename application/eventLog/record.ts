import { effectsOf, merged, type RecordBatch, type RecordedEvent, type RecordResult } from '../../domain/record.ts';

export type RecordPorts = {
  /**
   * Writes a batch in one transaction.
   * @returns undefined where the event log has another event at one of the sequence numbers, or a gap before the first
   */
  write(
    batch: RecordBatch,
  ): Promise<(Pick<RecordResult, 'seatedOn' | 'held' | 'members'> & { last: number }) | undefined>;
  /** what stands after a sequence number, in order; undefined where the event log does not reach so far */
  eventsAfter(about: Pick<RecordBatch, 'subject' | 'subjectKind' | 'after'>): Promise<RecordedEvent[] | undefined>;
  /** alarms people that the event log of this subject tells another story */
  raiseConflict(batch: RecordBatch): Promise<void>;
  /** events wait that are to be sent to partners */
  notifyOutbox(): void;
};

/** The event log lacks events that the workflow knows, or belongs to another subject of the same id. No retry helps. */
export class EventLogConflict extends Error {
  override name = 'EventLogConflict';
}

/** How often a batch is merged with what others record meanwhile; each time the event log has grown. */
const MERGES = 5;

/**
 * Records one batch. What the event log has already, in whatever order, is recorded (domain/record.ts, `merged`); the
 * result says so.
 * @throws EventLogConflict after an alarm. Any other error is the database's own and may be tried again.
 */
export const recordEvents =
  ({ write, eventsAfter, raiseConflict, notifyOutbox }: RecordPorts) =>
  async (batch: RecordBatch): Promise<RecordResult> => {
    const seatedOn = new Set<string>();
    const held = new Set<string>();
    let members: RecordResult['members'];
    const result = (): RecordResult => ({
      seatedOn: [...seatedOn],
      ...(held.size > 0 && { held: [...held] }),
      ...(members && { members }),
    });
    const record = async (asked: RecordBatch): Promise<boolean> => {
      const written = await write(asked);
      for (const movement of written?.seatedOn ?? []) seatedOn.add(movement);
      for (const household of written?.held ?? []) held.add(household);
      members = written?.members ?? members;
      if (asked.events.some((event) => effectsOf(asked.subjectKind, event).partnerEvent)) notifyOutbox();
      return written?.last === batch.after + asked.events.length;
    };

    if (await record(batch)) return result();
    for (let time = 0; time < MERGES; time++) {
      const before = await eventsAfter(batch);
      const all = before && merged(before, batch.events);
      if (!all) {
        await raiseConflict(batch);
        throw new EventLogConflict(`The event log of ${batch.subject} does not go on from ${batch.after}`);
      }
      // Projection and waits follow when the workflow has seen what the event log has.
      if (await record({ ...batch, events: all, projection: { seq: 0 }, waits: [] }))
        return { ...result(), alreadyRecorded: all };
    }
    throw new Error('The event log grew at each attempt to record');
  };
