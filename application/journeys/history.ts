import { mayKnowHolds } from '../../domain/access.ts';
import {
  HISTORY_MOVEMENT_EVENTS,
  HISTORY_OPERATION_EVENTS,
  type HistoryPhase,
  historyInWords,
} from '../../domain/messages/history.ts';
import { disclose, type PersonalData, type Reader } from '../people/personalData.ts';
import type { HistoryReads, Holds, Notes } from './reads.ts';

const INCLUDED = { movement: HISTORY_MOVEMENT_EVENTS, operation: HISTORY_OPERATION_EVENTS };

export type HistoryPorts = {
  history: HistoryReads;
  holds: Pick<Holds, 'ofJourney'>;
  notes: Pick<Notes, 'read'>;
  personal: PersonalData;
};

type Subject = { personId: string; journeyId: string; operationId: string };

/** Who did what, when and why, in words, with the notes and the kinds of holds that the reader may know. */
export const readHistory =
  ({ history, holds, notes, personal }: HistoryPorts) =>
  async (subject: Subject, reader: Omit<Reader, 'purpose'>): Promise<HistoryPhase[]> => {
    const events = await history.events(subject.journeyId, subject.operationId, INCLUDED);
    const noteIds = events.flatMap(({ noteId }) => noteId ?? []);
    const wanted = noteIds.length > 0 ? (['notes'] as const) : [];
    const { groups } = await disclose(personal, [subject], wanted, { ...reader, purpose: 'history' });
    const knows = mayKnowHolds(reader.roles);
    return historyInWords(events, {
      ...(await history.names(events)),
      notes: await notes.read(groups.includes('notes') ? noteIds : [], { restricted: knows }),
      holdKinds: new Map(knows ? (await holds.ofJourney(subject.journeyId)).map(({ id, type }) => [id, type]) : []),
      mayKnowHolds: knows,
    });
  };
