import { z } from 'zod';
import { StoredFormError } from './versioned.ts';

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
export const STORED_FIELDS = storedValue('Fields', z.record(z.string(), z.unknown()));
