import { z } from 'zod';
import { StoredFormError, versioned } from './versioned.ts';

type Data = Record<string, unknown>;
type Upgrade = (old: Data) => Data;

const Fields = z.record(z.string(), z.unknown());

/** Schemas of the data of events, by type. */
type EventSchemas = Readonly<Record<string, z.ZodType<Data>>>;

/** For a type whose data has changed: the first upgrade makes version 2 of version 1, and so on. */
type EventUpgrades<S extends EventSchemas> = { readonly [T in keyof S]?: readonly Upgrade[] };

/** Type and data of any event of this union. */
type EventOf<S extends EventSchemas> = {
  [T in keyof S & string]: { type: T; data: z.output<S[T]> };
}[keyof S & string];

/** How the data of events is written and read. */
export type EventForms<E extends { type: string; data: Data } = { type: string; data: Data }> = {
  /** the version under which data of this type is written. @throws StoredFormError for an unknown type */
  versionOf(type: string): number;
  /** Data of any version as the current one. @throws StoredFormError */
  read(type: string, version: number, data: unknown): E;
};

/**
 * The forms of all events of one kind of subject. A type begins at version 1; each upgrade adds one. The version is
 * stored next to the data, because some data has a field of that name.
 */
export function eventForms<S extends EventSchemas>(
  subject: string,
  schemas: S,
  upgrades: EventUpgrades<S> = {},
): EventForms<EventOf<S>> {
  const forms = new Map(
    Object.entries<z.ZodType<Data>>(schemas).map(([type, schema]) => {
      const steps = upgrades[type] ?? [];
      const form = versioned({
        name: `Event ${subject}.${type}`,
        version: steps.length + 1,
        schema: z.object({ data: schema }),
        upgrades: Object.fromEntries(
          steps.map((step, index) => [index + 1, (old) => ({ data: step(Fields.safeParse(old['data']).data ?? {}) })]),
        ),
      });
      return [type, form];
    }),
  );
  const formOf = (type: string) => {
    const form = forms.get(type);
    if (!form) throw new StoredFormError(`Event ${subject}.${type} is not known to this build`);
    return form;
  };
  return {
    versionOf: (type) => formOf(type).version,
    // Each schema reads the data of its own type. The compiler cannot follow that through a map.
    read: (type, version, data) => ({ type, data: formOf(type).read({ version, data }).data }) as EventOf<S>,
  };
}
