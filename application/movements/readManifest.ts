import { fieldsFor } from '../../domain/access.ts';
import type { Role } from '../../domain/actor.ts';
import type { PersonCore } from '../../domain/personData.ts';
import type { Instant } from '../../domain/time.ts';
import { newId } from '../ids.ts';
import type { PersonalData } from '../people/personalData.ts';
import type { Manifest, ManifestEntry, MovementReads } from './reads.ts';

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
