import { FIELD_GROUPS, mayKnowHolds } from '../../domain/access.ts';
import type { Holds, Notes } from '../journeys/reads.ts';
import { disclose, type PersonalData, type Reader } from './personalData.ts';
import type { People } from './reads.ts';

export type ReadPersonPorts = {
  people: Pick<People, 'journey'>;
  holds: Pick<Holds, 'ofJourney'>;
  notes: Pick<Notes, 'read'>;
  personal: PersonalData;
};

/**
 * A person as far as the reader's roles go: the journey, the open holds, and the disclosed fields. Type, reason and
 * approvals of a hold are for protection roles alone.
 * @returns undefined for an unknown journey
 */
export const readPerson = (ports: ReadPersonPorts) => async (journeyId: string, reader: Omit<Reader, 'purpose'>) => {
  const [journey, holds] = await Promise.all([ports.people.journey(journeyId), ports.holds.ofJourney(journeyId)]);
  if (!journey) return undefined;
  const { groups, cores } = await disclose(ports.personal, [journey], FIELD_GROUPS, { ...reader, purpose: 'case' });
  const open = holds.filter(({ status }) => status === 'raising' || status === 'active');
  const knows = mayKnowHolds(reader.roles);
  const noteIds = open.flatMap(({ noteId }) => noteId ?? []);
  const reasons = knows ? await ports.notes.read(noteIds, { restricted: true }) : new Map<string, string>();
  return {
    journey,
    groups,
    core: cores.get(journey.personId),
    holds: open.map(({ id, raisedAt, type, firstApprovalBy, noteId }) => ({
      id,
      since: raisedAt,
      known: knows
        ? {
            type,
            approvals: firstApprovalBy === null ? 0 : 1,
            reason: noteId === null ? undefined : reasons.get(noteId),
          }
        : undefined,
    })),
  };
};
