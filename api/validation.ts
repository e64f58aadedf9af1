import type { FastifyError } from 'fastify';
import { z } from 'zod';
import { Problem, type ProblemError } from './problems.ts';

/** One complaint of zod as fastify-type-provider-zod hands it on. */
type Complaint = { keyword?: string; instancePath?: string; message?: string; params?: Record<string, unknown> };

/** Where the part that failed came in, as Fastify names it. */
export type RequestPart = 'body' | 'querystring' | 'params' | 'headers';

/**
 * The problem of a request that does not fit its schema: every complaint, each with its place.
 *
 * Neither values nor names of fields that the schema does not know are repeated: a caller may have put a person's
 * name into either. Instead an unknown field is answered with the names that are known there.
 * @param schema the zod schema of that part, to tell our own field names from the caller's
 */
export function validationProblem(error: FastifyError, part: RequestPart, schema: unknown): Problem {
  const complaints = (error.validation ?? []) as Complaint[];
  const errors = complaints.map((complaint) =>
    explain(complaint, part, schema instanceof z.ZodType ? schema : undefined),
  );
  return new Problem('invalid_request', {
    detail: errors.length === 1 ? 'One place is wrong; see errors.' : `${errors.length} places are wrong; see errors.`,
    errors,
  });
}

function explain(complaint: Complaint, part: RequestPart, root: z.ZodType | undefined): ProblemError {
  const path = (complaint.instancePath ?? '/')
    .split('/')
    .slice(1)
    .filter((segment, at) => segment !== '' || at > 0);
  const { known, schemas } = follow(path, root ? [root] : []);
  const place =
    part === 'body' ? { pointer: known.map((segment) => `/${segment}`).join('') } : { parameter: known.join('.') };
  if (complaint.keyword === 'unrecognized_keys') {
    const count = Array.isArray(complaint.params?.keys) ? complaint.params.keys.length : 1;
    const names = schemas.flatMap((schema) => (schema instanceof z.ZodObject ? Object.keys(schema.shape) : []));
    return {
      ...place,
      code: 'unknown_field',
      detail: `${count === 1 ? 'One field is' : `${count} fields are`} not known here. Known: ${[...new Set(names)].join(', ') || 'none'}.`,
    };
  }
  const allowed = allowedOf(complaint.params?.values);
  if (allowed !== undefined) return { ...place, code: complaint.keyword ?? 'invalid_value', ...allowed };
  if (complaint.keyword === 'invalid_type' && complaint.message?.endsWith('received undefined')) {
    return { ...place, code: 'required', detail: 'This is needed.' };
  }
  return { ...place, code: complaint.keyword ?? 'invalid', detail: complaint.message ?? 'This is not valid.' };
}

/** What a closed set takes: in words, and as values. They are ours, so they may be repeated. */
export function allowedOf(values: unknown): { detail: string; allowed: string[] } | undefined {
  if (!Array.isArray(values) || values.length === 0) return undefined;
  const allowed = values.map(String);
  return { detail: `Allowed: ${allowed.join(', ')}.`, allowed };
}

/** Follows a path through the schemas; a segment that is not a field of ours or a position becomes `*`. */
function follow(path: string[], start: z.ZodType[]): { known: string[]; schemas: z.ZodType[] } {
  let schemas = start.flatMap(alternatives);
  const known: string[] = [];
  for (const segment of path) {
    const next: z.ZodType[] = [];
    let name = '*';
    for (const schema of schemas) {
      if (schema instanceof z.ZodObject && Object.hasOwn(schema.shape, segment)) {
        name = segment;
        next.push(schema.shape[segment]);
      } else if (schema instanceof z.ZodArray && /^\d+$/.test(segment)) {
        name = segment;
        next.push(schema.element as z.ZodType);
      } else if (schema instanceof z.ZodTuple && /^\d+$/.test(segment)) {
        name = segment;
        next.push(...(schema.def.items as z.ZodType[]).slice(Number(segment), Number(segment) + 1));
      } else if (schema instanceof z.ZodRecord) {
        next.push(schema.valueType as z.ZodType);
      }
    }
    known.push(name);
    schemas = next.flatMap(alternatives);
  }
  return { known, schemas };
}

/** The schemas that may stand here once wrappers are taken off and unions spread out. */
function alternatives(schema: z.ZodType): z.ZodType[] {
  if (schema instanceof z.ZodUnion) return (schema.options as z.ZodType[]).flatMap(alternatives);
  if (schema instanceof z.ZodIntersection)
    return [schema.def.left, schema.def.right].flatMap((side) => alternatives(side as z.ZodType));
  if (schema instanceof z.ZodPipe) return alternatives(schema.in as z.ZodType);
  if (schema instanceof z.ZodLazy) return alternatives(schema.unwrap() as z.ZodType);
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodReadonly ||
    schema instanceof z.ZodCatch
  ) {
    return alternatives(schema.unwrap() as z.ZodType);
  }
  return [schema];
}
