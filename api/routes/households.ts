import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { CODES } from '../../domain/imports/codes.ts';
import { COLUMNS, type Column } from '../../domain/imports/columns.ts';
import { judgeList } from '../../domain/imports/judgeList.ts';
import { referenceDateOf } from '../../domain/registration.ts';
import { findingOut } from '../imports.ts';
import { scopeOf } from '../plugins/access.ts';
import { originOf } from '../plugins/idempotency.ts';
import type { ApiPorts } from '../ports.ts';
import { Problem } from '../problems.ts';
import { idParams } from '../schemas/common.ts';
import { FindingOut, VerdictCode } from '../schemas/imports.ts';

const Cell = z.string().max(10_000);
const MEMBER_COLUMNS = COLUMNS.filter(
  (column): column is Exclude<Column, 'household_ref'> => column !== 'household_ref',
);
const Member = z
  .strictObject(
    Object.fromEntries(MEMBER_COLUMNS.map((column) => [column, Cell.optional()])) as Record<
      Exclude<Column, 'household_ref'>,
      z.ZodOptional<typeof Cell>
    >,
  )
  .meta({ description: 'the cells of a registration list, by column; the same rules hold as for a list' });
const Household = z.strictObject({
  household_ref: Cell,
  members: z.array(Member).min(1).max(200),
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
        const at = await ports.operations.now(operationId, ports.clock());
        const referenceDate = referenceDateOf(at);
        const country = await ports.operations.country(operationId);
        const cells = members.map((member) => ({ ...EMPTY, ...definedCells(member), household_ref }));
        const { rows } = judgeList(cells, { referenceDate, country });
        const accepted = rows.filter(({ verdict }) => verdict !== 'reject');
        const verdicts = rows.map(({ row, verdict, codes }) => ({
          row,
          verdict,
          codes: codes.map(findingOut),
          person_id: null,
          journey_id: null,
        }));
        if (dry_run) return reply.code(200).send({ household_id: null, people: verdicts });
        if (accepted.length === 0) {
          throw new Problem('invalid_request', {
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
        }
        const taken = await ports.registration.register({
          operationId,
          origin: originOf(request).join(' '),
          at,
          referenceDate,
          household: {
            reference: accepted[0]?.meaning.householdRef ?? household_ref,
            members: accepted,
            rejectedRows: rows.filter(({ verdict }) => verdict === 'reject').map(({ row }) => row),
          },
        });
        if (taken === 'closed') throw new Problem('conflict', { detail: 'Registration is closed in this operation.' });
        await ports.engine.startNow(taken.people.map((person) => person.workflowId));
        const made = new Map(taken.people.map((person) => [person.row, person]));
        return reply.code(201).send({
          household_id: taken.householdId,
          people: verdicts.map((v) => ({
            ...v,
            person_id: made.get(v.row)?.personId ?? null,
            journey_id: made.get(v.row)?.journeyId ?? null,
          })),
        });
      },
    });
  };
}

const EMPTY = Object.fromEntries(COLUMNS.map((column) => [column, ''])) as Record<Column, string>;

function definedCells(member: Partial<Record<Column, string>>): Partial<Record<Column, string>> {
  return Object.fromEntries(Object.entries(member).filter(([, cell]) => cell !== undefined));
}
