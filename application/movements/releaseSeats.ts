import { BEFORE_DEPARTURE } from '../../domain/movements/statuses.ts';
import { type InMovement, type ManifestVersion, release, type Transaction, type WrittenManifest } from './seats.ts';

type ReleaseInput = Transaction & { reasonCode: string };

/**
 * `aboard`: members who have boarded and must be offloaded by hand. `amended`: the next version of the manifest, where
 * one was needed.
 */
export type ReleaseResult = { people: number; aboard: number; amended?: WrittenManifest };

/**
 * Releases the seats of a household; its priority and date of request stay. After the lock (`amend`) a next version of
 * the manifest is written without it, so that nobody boards with an old list.
 */
export const releaseHousehold =
  (inMovement: InMovement) =>
  (input: ReleaseInput & { householdId: string; amend?: ManifestVersion }): Promise<ReleaseResult> =>
    inMovement(input.movementId, async (seats) => {
      await seats.lockHouseholds([input.householdId]);
      const all = await seats.find({ households: [input.householdId] });
      const before = all.filter(({ status, statusAt }) => status === 'released' && statusAt === input.at).length;
      const people = before + (await release(seats, all, input, input.reasonCode));
      const aboard = all.filter(({ status }) => status === 'boarded').length;
      if (people === 0 || !input.amend) return { people, aboard };
      return { people, aboard, amended: await seats.writeManifest({ ...input, ...input.amend }) };
    });

/** The movement is cancelled: its seats are free and its manifests void. Nobody loses their place in the order. */
export const releaseAll =
  (inMovement: InMovement) =>
  ({ movementId, at, actor, reasonCode }: ReleaseInput): Promise<{ released: number }> =>
    inMovement(movementId, async (seats) => {
      const all = await seats.find({ status: BEFORE_DEPARTURE });
      await seats.lockHouseholds([...new Set(all.map(({ householdId }) => householdId))]);
      await seats.change(
        all.map(({ id }) => ({ seatId: id, status: 'released', at, reasonCode })),
        actor,
      );
      await seats.endManifest('void');
      await seats.forgetRefusals({});
      return { released: (await seats.find({ status: ['released'], changed: { at, reasonCode } })).length };
    });
