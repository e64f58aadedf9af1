import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const folder = join(import.meta.dirname, '../../domain');
const modules = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));

/** Places of schemas that the worker's deep freeze would reach: it goes through objects, not through functions or what is frozen. */
function schemasWithin(value: unknown, place: string, seen: Set<object>): string[] {
  if (typeof value !== 'object' || value === null || seen.has(value) || Object.isFrozen(value)) return [];
  seen.add(value);
  if (value instanceof z.ZodType) return [place];
  return Object.getOwnPropertyNames(value).flatMap((name) =>
    schemasWithin(Object.getOwnPropertyDescriptor(value, name)?.value, `${place}.${name}`, seen),
  );
}

/** A schema that is frozen before its first use reads nothing, and the worker freezes what workflow modules export. */
describe('what modules of domain/ export', () => {
  it('holds no schema that the worker would freeze', async () => {
    const reached: string[] = [];
    for (const name of modules) {
      const exported: Record<string, unknown> = await import(join(folder, name));
      reached.push(...schemasWithin({ ...exported }, name, new Set()));
    }
    expect(modules.length).toBeGreaterThan(50);
    expect(reached).toEqual([]);
  });

  it('would be found out otherwise', () => {
    const exported = { CLOSED: Object.freeze({ form: z.string() }), OPEN: { form: z.string() } };
    expect(schemasWithin(exported, 'module.ts', new Set())).toEqual(['module.ts.OPEN.form']);
  });
});
