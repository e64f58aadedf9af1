import { z } from 'zod';

/** Thrown when stored data cannot be read: an unknown version, or data that its schema refuses. It names the form, never the data. */
export class StoredFormError extends Error {}

/** A form of stored data: its version, and how a value of any earlier version is read as the current one. */
export type Versioned<T> = {
  readonly name: string;
  readonly version: number;
  /** The value as the current version. @throws StoredFormError */
  read(value: unknown): T;
};

/** Made once: making a schema for each read costs a hundred times the read. */
const Header = z.looseObject({ version: z.int().min(1) });

type Upgrade = (old: Record<string, unknown>) => Record<string, unknown>;

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
  return {
    name,
    version,
    read(value) {
      const stored = Header.safeParse(value);
      if (!stored.success) throw new StoredFormError(`${name} has no version`);
      let current: Record<string, unknown> = stored.data;
      for (let at = stored.data.version; at < version; at += 1) {
        const upgrade = upgrades[at];
        if (!upgrade) throw new StoredFormError(`${name} of version ${at} cannot be upgraded`);
        current = { ...upgrade(current), version: at + 1 };
      }
      if (stored.data.version > version) {
        throw new StoredFormError(`${name} has version ${stored.data.version}; this build reads up to ${version}`);
      }
      const read = schema.safeParse(current);
      if (!read.success) {
        const places = read.error.issues.map(({ path, code }) => `${path.join('.') || '(whole)'}: ${code}`);
        throw new StoredFormError(`${name} of version ${version} is not readable: ${places.join('; ')}`);
      }
      return read.data;
    },
  };
}
