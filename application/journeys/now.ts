import type { Role } from '../../domain/actor.ts';
import { JOURNEY_COMMANDS } from '../../domain/journeys/commands/index.ts';
import { nowInWords } from '../../domain/messages/now.ts';
import type { Instant } from '../../domain/time.ts';
import type { People } from '../people/reads.ts';
import type { NowReads } from './reads.ts';

export type NowPorts = { people: Pick<People, 'journey'>; now: NowReads };

/**
 * Whom a person waits for, since when, what then, in words; and which commands the reader may give.
 * @param at operation time
 * @returns undefined for an unknown journey
 */
export const readNow =
  ({ people, now }: NowPorts) =>
  async (journeyId: string, roles: readonly Role[], at: Instant) => {
    const [journey, state, waits, groupWaitsFor, suspended] = await Promise.all([
      people.journey(journeyId),
      now.state(journeyId),
      now.waits(journeyId),
      now.groupWaitsFor(journeyId),
      now.isSuspended(journeyId),
    ]);
    if (!journey) return undefined;
    const words = nowInWords({
      now: at,
      status: journey.status,
      ...(journey.ending === null ? {} : { ending: journey.ending, endedAt: journey.endedAt ?? at }),
      waits,
      names: await now.names(waits.map(({ whom }) => whom.id)),
      suspended,
      groupWaitsFor,
    });
    return { journey, ...words, commands: state.seq === 0 ? [] : JOURNEY_COMMANDS.allowed(state, roles, at) };
  };
