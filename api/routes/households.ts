import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { CODES } from '../../domain/imports/codes.ts';
import { COLUMNS, type Column } from '../../domain/imports/columns.ts';
import type { JudgedRow } from '../../domain/imports/judgeRow.ts';
import { findingOut } from '../imports.ts';
import { scopeOf } from '../plugins/access.ts';
import { originOf } from '../plugins/idempotency.ts';
import type { ApiPorts } from '../ports.ts';
import { Problem } from '../problems.ts';
import { idParams } from '../schemas/common.ts';
import { FindingOut, VerdictCode } from '../schemas/imports.ts';

const Cell = z.string().max(10_000);
type MemberColumn = Exclude<Column, 'household_ref'>;
const MEMBER_CELLS = Object.fromEntries(
  COLUMNS.flatMap((column) => (column === 'household_ref' ? [] : [[column, Cell.optional()]])),
) as Record<MemberColumn, z.ZodOptional<typeof Cell>>;
const Household = z.strictObject({
  household_ref: Cell,
  members: z
    .array(
      z
        .strictObject(MEMBER_CELLS)
        .meta({ description: 'the cells of a registration list, by column; the same rules hold as for a list' }),
    )
    .min(1)
    .max(200),
  dry_run: z.boolean().default(false).meta({ description: 'only say what would come of it' }),
});

const Registered = z
  .object({
    household_id: z.string().nullable(),
    people: z.array(
      z.object({
        row: z.number().int(),
        person_id: z.string().nullable(),
        journey_id: z.string().nullable(),
        verdict: VerdictCode,
        codes: z.array(FindingOut),
      }),
    ),
  })
  .meta({ id: 'Registered' });

export function registrationRoutes(ports: ApiPorts): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: 'POST',
      url: '/operations/:id/households',
      config: { access: 'households.register', names: 'operation' },
      schema: {
        tags: ['registration'],
        summary: 'Register one household',
        params: idParams('operation'),
        body: Household,
        response: { 200: Registered.meta({ description: 'dry run' }), 201: Registered },
      },
      handler: async (request, reply) => {
        const { operationId } = scopeOf(request);
        const { household_ref, members, dry_run } = request.body;
        const done = await ports.registerHousehold({
          operationId,
          origin: originOf(request).join(' '),
          householdRef: household_ref,
          members,
          dryRun: dry_run,
          now: ports.clock(),
        });
        if (done.outcome === 'refused') throw refused(done.rows);
        if (done.outcome === 'closed')
          throw new Problem('conflict', { detail: 'Registration is closed in this operation.' });
        const household = done.outcome === 'registered' ? done.household : undefined;
        const registered = new Map(household?.people.map((person) => [person.row, person]));
        return reply.code(household ? 201 : 200).send({
          household_id: household?.householdId ?? null,
          people: done.rows.map(({ row, verdict, codes }) => ({
            row,
            person_id: registered.get(row)?.personId ?? null,
            journey_id: registered.get(row)?.journeyId ?? null,
            verdict,
            codes: codes.map(findingOut),
          })),
        });
      },
    });
  };
}

const refused = (rows: readonly JudgedRow[]) =>
  new Problem('invalid_request', {
    detail: 'Nobody of this household can be registered as it is; see errors.',
    errors: rows.flatMap(({ row, codes }) =>
      codes
        .filter(({ code }) => CODES[code].rejects)
        .map((finding) => {
          const { code, column, detail, hint } = findingOut(finding);
          return { row, column, code, detail: hint === undefined ? detail : `${detail} ${hint}` };
        }),
    ),
  });
