import { fieldsFor } from '../../domain/access.ts';
import type { Role } from '../../domain/actor.ts';
import { NOT_TRAVELLING, neutralReasons } from '../../domain/movements/householdGroup.ts';
import { ON_THE_GROUND } from '../../domain/movements/statuses.ts';
import type { PersonCore } from '../../domain/personData.ts';
import type { Instant } from '../../domain/time.ts';
import { newId } from '../ids.ts';
import type { PersonalData } from '../people/personalData.ts';
import type { Manifest, ManifestEntry, MovementReads } from './reads.ts';
import { type InMovement, type JudgedTransaction, judgeSeated, release } from './seats.ts';

/** `released`: households that held seats and did not meet the preconditions of `lock`. */
export type LockResult =
  | { outcome: 'locked'; version: number; people: number; released: string[] }
  | { outcome: 'nobody'; released: string[] }
  | { outcome: 'over_capacity' };

/**
 * Locks the manifest under a version. Everybody with a seat must meet the preconditions of `lock` with fresh data;
 * otherwise the household loses its seats as a whole, with reasons that everybody may read. A version is written once: a
 * repeated transaction finds its own.
 */
export const lockManifest =
  (inMovement: InMovement) =>
  (input: JudgedTransaction & { version: number }): Promise<LockResult> =>
    inMovement(input.movementId, async (seats) => {
      if (seats.movement.overCapacity) return { outcome: 'over_capacity' };
      const failing = (await judgeSeated(seats, 'lock', ON_THE_GROUND, input)).flatMap(({ householdId, verdicts }) => {
        const reasons = neutralReasons(verdicts.flatMap(({ own, group }) => [...own, ...group]));
        return reasons.length > 0 ? [{ householdId, reasons }] : [];
      });
      const reasonCode = NOT_TRAVELLING.code;
      const leaving = await seats.find({ households: failing.map(({ householdId }) => householdId) });
      await release(seats, leaving, input, reasonCode);
      await seats.refuse(failing, input.at);
      const left = await seats.find({ status: ['released'], changed: { at: input.at, reasonCode } });
      const released = [...new Set(left.map(({ householdId }) => householdId))].toSorted();
      if ((await seats.count()).people === 0) return { outcome: 'nobody', released };
      const manifest = await seats.writeManifest({ ...input, rulesVersion: input.rules.version });
      return { outcome: 'locked', ...manifest, released };
    });

export type ManifestPorts = Pick<MovementReads, 'manifest'> & {
  operations: { now(id: string, real: Instant): Promise<Instant> };
  people: Pick<PersonalData, 'shown' | 'cores'>;
  /** real time */
  clock: () => Instant;
};

export type DisclosedManifest = Omit<Manifest, 'entries'> & {
  entries: Array<ManifestEntry & Partial<{ names: PersonCore; birth: PersonCore; document: PersonCore }>>;
};

/** A manifest with the data of its people that the reader's roles may see. The access is logged before it happens. */
export const readManifest =
  ({ manifest: read, operations, people, clock }: ManifestPorts) =>
  async (
    { movementId, operationId, version }: { movementId: string; operationId: string; version: number },
    reader: { principal: string; roles: readonly Role[] },
  ): Promise<DisclosedManifest | undefined> => {
    const manifest = await read(movementId, version);
    const fields = fieldsFor(reader.roles).filter((group) => ['names', 'birth', 'document'].includes(group));
    if (!manifest || fields.length === 0) return manifest;
    const at = await operations.now(operationId, clock());
    await people.shown(
      manifest.entries.map(({ personId, journeyId }) => ({
        id: newId('disclosure'),
        personId,
        journeyId,
        principal: reader.principal,
        purpose: 'manifest',
        fields,
        at,
      })),
    );
    const cores = await people.cores(manifest.entries.map(({ personId }) => personId));
    const disclosed = (personId: string) => {
      const core = cores.get(personId);
      return core === undefined ? {} : Object.fromEntries(fields.map((group) => [group, core]));
    };
    return { ...manifest, entries: manifest.entries.map((entry) => ({ ...entry, ...disclosed(entry.personId) })) };
  };
