import type { HouseholdNews, UnitMustLeave } from '../workflows/messages.ts';
import type { TellActivities } from './ports.ts';

export type TellPorts = {
  unitMustLeave(movementId: string, news: UnitMustLeave): Promise<'told' | 'closed'>;
  householdChanged(journeyId: string, news: HouseholdNews[]): Promise<'told' | 'closed'>;
  /** journeys of a household that go on, without this one */
  othersOf(householdId: string, journeyId: string): Promise<string[]>;
};

/** Signals to other workflows of the house. Keys make twice once; a workflow that has ended needs no telling. */
export function tellActivities(ports: TellPorts): TellActivities {
  return {
    async unitMustLeave({ movementId, householdId, key, at, cause }) {
      await ports.unitMustLeave(movementId, { key, householdId, at, cause });
    },
    async tellHousehold({ householdId, journeyId, ending, key, at }) {
      // A household is a handful of people.
      for (const other of await ports.othersOf(householdId, journeyId)) {
        await ports.householdChanged(other, [{ key, at, journeyId, ending }]);
      }
    },
  };
}
