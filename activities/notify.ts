import type { HouseholdMessage, HouseholdMustLeave } from '../workflows/messages.ts';
import type { NotificationActivities } from './ports.ts';

export type NotificationPorts = {
  householdMustLeave(movementId: string, update: HouseholdMustLeave): Promise<'delivered' | 'closed'>;
  householdChanged(journeyId: string, update: HouseholdMessage[]): Promise<'delivered' | 'closed'>;
  /** open journeys of a household, without this one */
  othersOf(householdId: string, journeyId: string): Promise<string[]>;
};

/** Signals to other workflows of the system. Keys make them idempotent; a workflow that has ended is skipped. */
export function notificationActivities(ports: NotificationPorts): NotificationActivities {
  return {
    async householdMustLeave({ movementId, householdId, key, at, cause }) {
      await ports.householdMustLeave(movementId, { key, householdId, at, cause });
    },
    async notifyHousehold({ householdId, journeyId, ending, key, at }) {
      // A household has few members.
      for (const other of await ports.othersOf(householdId, journeyId)) {
        await ports.householdChanged(other, [{ key, at, journeyId, ending }]);
      }
    },
  };
}
