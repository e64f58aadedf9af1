import { roleFor } from '../../domain/access.ts';
import { PROTECTION_ROLES } from '../../domain/actor.ts';
import type { Commands, Preparation } from '../../domain/commands.ts';
import { HOLD_RULES } from '../../domain/holds.ts';
import { CHILD_IN_HOUSEHOLD, HELD_HOUSEHOLD } from '../../domain/journeys/commands/household.ts';
import { JOURNEY_COMMANDS } from '../../domain/journeys/commands/index.ts';
import type { JourneyState } from '../../domain/journeys/state.ts';
import type { Instant } from '../../domain/time.ts';
import type { Checks, GivenCommand, Prepared } from '../commands.ts';
import type { Households, People } from '../people/reads.ts';
import type { Holds, NowReads } from './reads.ts';

export type JourneyCommandPorts = {
  now: Pick<NowReads, 'state' | 'commandIsRecorded'>;
  holds: Omit<Holds, 'ofJourney'>;
  people: Pick<People, 'journey' | 'holdDocument' | 'dropDocument'>;
  households: Pick<Households, 'hasChildren' | 'isHeld' | 'prepareSplit' | 'dropEmpty'>;
  partners: { read(id: string): Promise<{ kind: string } | undefined> };
};

const COMMANDS: Commands<JourneyState> = JOURNEY_COMMANDS;

/** What precedes a command of a journey. @param at operation time */
export function journeyChecks(
  { now, holds, people, households, partners }: JourneyCommandPorts,
  operationId: string,
  at: Instant,
): Checks {
  return {
    /** What the event log already decides is refused here: a refusal by a workflow that sleeps costs as much as an acceptance. */
    async early({ command: { name }, commandId, subject, args, roles, principal, reasonCode }, role) {
      if (await now.commandIsRecorded(subject, commandId)) return undefined;
      const state = await now.state(subject);
      if (state.seq === 0) return undefined;
      if (state.ending !== undefined) return { outcome: 'ended', ending: state.ending };
      const actor = { kind: 'staff', id: principal, role } as const;
      const reason = COMMANDS.refusal(name, state, args, { at, actor, reasonCode });
      if (reason === undefined) return undefined;
      return { outcome: 'refused', reason, allowed: COMMANDS.allowed(state, roles, at) };
    },

    async prepare(preparation, given, made, noteId) {
      const { subject: journeyId, principal, roles } = given;
      switch (preparation.what) {
        case 'raiseHold':
          await holds.raise({
            id: made,
            journeyId,
            operationId,
            type: preparation.type,
            ...(noteId === undefined ? {} : { noteId }),
            raisedBy: principal,
            raisedAt: at,
          });
          return { compensate: () => holds.voidRaised(made) };
        case 'releaseHold':
          return releaseHold(preparation, given);
        case 'storeDocument': {
          const { kind, validUntil, issuedBy = null } = preparation;
          await people.holdDocument({ id: made, journeyId, kind, issuedBy, validUntil, at });
          return { compensate: () => people.dropDocument(made) };
        }
        case 'separateHousehold': {
          const journey = await people.journey(journeyId);
          const role = roleFor(PROTECTION_ROLES, roles);
          if (journey && role === undefined && (await households.hasChildren(journey.householdId)))
            return { outcome: 'not_allowed', detail: CHILD_IN_HOUSEHOLD };
          await households.prepareSplit(made, journeyId);
          return { ...(role ? { role } : {}), compensate: () => households.dropEmpty(made) };
        }
        case 'confirmHousehold':
          return confirmHousehold(given);
        case 'findConsulate': {
          const { partnerId } = preparation;
          if ((await partners.read(partnerId))?.kind === 'consulate') return {};
          return { outcome: 'unknown', argument: 'partnerId', detail: 'There is no such consulate.' };
        }
      }
    },
  };

  /** Protection decides where a child is concerned, and nobody before the holds of every member are decided. */
  async function confirmHousehold({ subject, roles }: GivenCommand): Promise<Prepared> {
    const journey = await people.journey(subject);
    if (!journey) return {};
    const role = roleFor(PROTECTION_ROLES, roles);
    if (role === undefined && (await households.hasChildren(journey.householdId)))
      return { outcome: 'not_allowed', detail: CHILD_IN_HOUSEHOLD };
    if (await households.isHeld(journey.householdId))
      return { outcome: 'refused', reason: HELD_HOUSEHOLD, allowed: [] };
    return role === undefined ? {} : { role };
  }

  /** Protection alone comes here, and may know the kind: those outside are refused before any hold is read. */
  async function releaseHold(
    { holdId, reference }: Extract<Preparation, { what: 'releaseHold' }>,
    { command, subject, principal, roles }: GivenCommand,
  ): Promise<Prepared> {
    const hold = await holds.read(holdId);
    if (hold?.journeyId !== subject) return { outcome: 'refused', reason: 'This hold is not open', allowed: [] };
    const rule = HOLD_RULES[hold.type];
    const role = roleFor(
      command.roles.filter((named) => rule.releasedBy.includes(named)),
      roles,
    );
    if (role === undefined) return { outcome: 'not_allowed', detail: 'This hold is for others to release.' };
    if (rule.notByRaiser && hold.raisedBy === principal)
      return { outcome: 'second_person_needed', detail: 'Whoever raised this hold does not release it.' };
    if (!rule.twoPersons) {
      await holds.noteReference(holdId, reference);
      return { role };
    }
    // released already by this very command: the workflow answers it again
    if (hold.status === 'released' && hold.releasedBy === principal) return { role };
    if ((await holds.approve(holdId, principal, reference)) === 'second') return { role };
    const detail = 'Noted. A second person who may release this hold must approve as well.';
    return { outcome: 'first_approval', detail };
  }
}
