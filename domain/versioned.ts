import { z } from 'zod';

/** Thrown when stored data cannot be read: an unknown version, or data that its schema refuses. It names the form, never the data. */
export class StoredFormError extends Error {}

type Data = Record<string, unknown>;
const Fields = z.record(z.string(), z.unknown());

/** Stored data that has a schema and no version. */
export type StoredValue<T> = {
  readonly name: string;
  /** @throws StoredFormError, which names the place and never the data */
  read(value: unknown): T;
};

/**
 * Declares stored data that is short-lived or too small to change its shape. Long-lived data that may change is
 * `versioned`.
 */
export function storedValue<S extends z.ZodType>(name: string, schema: S): StoredValue<z.output<S>> {
  return {
    name,
    read(value) {
      const read = schema.safeParse(value);
      if (read.success) return read.data;
      const places = read.error.issues.map(({ path, code }) => `${path.join('.') || '(whole)'}: ${code}`);
      throw new StoredFormError(`${name} is not readable: ${places.join('; ')}`);
    },
  };
}

/** Ids, codes and counts that readers see unchanged: of a task, an alarm, an event for partners. */
export const STORED_FIELDS = storedValue('Fields', Fields);

/** A form of stored data: its version, and how a value of any earlier version is read as the current one. */
export type Versioned<T> = {
  readonly name: string;
  readonly version: number;
  /** The value as the current version. @throws StoredFormError */
  read(value: unknown): T;
};

/** Made once: making a schema for each read costs a hundred times the read. */
const Header = z.looseObject({ version: z.int().min(1) });

type Upgrade = (old: Data) => Data;

/**
 * Declares a stored form. The stored object carries its version under `version`.
 *
 * The worker deep-freezes the exports of workflow modules, and a frozen schema cannot parse. So a module exports the
 * form, which hides its schema, or schemas inside an object that is already frozen.
 * @param upgrades `upgrades[n]` turns version n into version n + 1; there is one for each version before the current.
 */
export function versioned<S extends z.ZodType>(form: {
  name: string;
  version: number;
  schema: S;
  upgrades: Readonly<Record<number, Upgrade>>;
}): Versioned<z.output<S>> {
  const { name, version, schema, upgrades } = form;
  const latest = storedValue(`${name} of version ${version}`, schema);
  return {
    name,
    version,
    read(value) {
      const stored = Header.safeParse(value);
      if (!stored.success) throw new StoredFormError(`${name} has no version`);
      let current: Data = stored.data;
      for (let at = stored.data.version; at < version; at += 1) {
        const upgrade = upgrades[at];
        if (!upgrade) throw new StoredFormError(`${name} of version ${at} cannot be upgraded`);
        current = { ...upgrade(current), version: at + 1 };
      }
      if (stored.data.version > version) {
        throw new StoredFormError(`${name} has version ${stored.data.version}; this build reads up to ${version}`);
      }
      return latest.read(current);
    },
  };
}

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
