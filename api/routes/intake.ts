import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { referenceDateOf } from '../../domain/admission.ts';
import { CODES, type Finding } from '../../domain/intake/codes.ts';
import { type Cells, COLUMNS, type Column } from '../../domain/intake/columns.ts';
import { judgeList } from '../../domain/intake/judgeList.ts';
import { iso } from '../../domain/time.ts';
import { TASK_QUEUE, workflowId } from '../../workflows/messages.ts';
import { after, Paging, page, pageOf } from '../paging.ts';
import { scopeOf } from '../plugins/access.ts';
import { principalOfRequest } from '../plugins/authentication.ts';
import { originOf } from '../plugins/idempotency.ts';
import type { ApiPorts } from '../ports.ts';
import { Problem } from '../problems.ts';
import { At, id, idParams } from '../schemas/common.ts';

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

const Found = z.object({
  code: z.string(),
  column: z.string(),
  fields: z.array(z.string()).optional(),
  detail: z.string(),
});
const VerdictCode = z.enum(['accept', 'accept_with_warning', 'reject']);
const TakenIn = z.object({
  household_id: z.string().nullable(),
  people: z.array(
    z.object({
      row: z.number().int(),
      person_id: z.string().nullable(),
      journey_id: z.string().nullable(),
      verdict: VerdictCode,
      codes: z.array(Found),
    }),
  ),
});

const Import = z.object({
  id: id('import'),
  operation_id: z.string(),
  status: z.string(),
  file_name: z.string().nullable(),
  bytes: z.number(),
  refusal: z.object({ code: z.string(), detail: z.string(), hint: z.string() }).nullable(),
  found: z.unknown().meta({ description: 'what was found out about the file' }),
  reference_date: z.string(),
  counts: z.unknown().meta({ description: 'rows by verdict and code' }),
  progress: z.object({
    done: z.number(),
    total: z.number().nullable(),
    failed: z.number(),
    eta: z.number().nullable().meta({ description: 'seconds still to go' }),
  }),
  created_at: At.meta({ description: 'real time' }),
  finished_at: At.nullable(),
});
const ImportRow = z.object({
  row: z.number().int(),
  line: z.number().int(),
  verdict: VerdictCode,
  codes: z.array(Found),
  child: z.string(),
  household: z.string().nullable(),
  person_id: z.string().nullable(),
});

/** What a list may come as; anything else is 415. */
const LIST_TYPES = [
  'text/csv',
  'text/tab-separated-values',
  'text/plain',
  'application/octet-stream',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
];

export function intakeRoutes(ports: ApiPorts): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: 'POST',
      url: '/operations/:id/households',
      config: { access: 'intake.register', names: 'operation' },
      schema: {
        tags: ['intake'],
        summary: 'Take in one household',
        params: idParams('operation'),
        body: Household,
        response: { 200: TakenIn.meta({ description: 'dry run' }), 201: TakenIn },
      },
      handler: async (request, reply) => {
        const { operationId } = scopeOf(request);
        const { household_ref, members, dry_run } = request.body;
        const at = await ports.operations.now(operationId, ports.clock());
        const referenceDate = referenceDateOf(at);
        const cells = members.map((member) => ({ ...EMPTY, ...definedCells(member), household_ref }));
        const { rows } = judgeList(cells, { referenceDate });
        const accepted = rows.filter(({ verdict }) => verdict !== 'reject');
        const verdicts = rows.map(({ row, verdict, codes }) => ({
          row,
          verdict,
          codes: codes.map(foundOut),
          person_id: null,
          journey_id: null,
        }));
        if (dry_run) return reply.code(200).send({ household_id: null, people: verdicts });
        if (accepted.length === 0) {
          throw new Problem('invalid_request', {
            detail: 'Nobody of this household can be taken in as it is; see errors.',
            errors: rows.flatMap(({ row, codes }) =>
              codes
                .filter(({ code }) => CODES[code].rejects)
                .map((f) => ({ row, column: f.column, code: f.code, detail: CODES[f.code].sentence })),
            ),
          });
        }
        const taken = await ports.intake.takeIn({
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

    const listRoutes: FastifyPluginAsyncZod = async (lists) => {
      // The body of a list is never parsed here: it streams past, sealed chunk by chunk.
      lists.removeAllContentTypeParsers();
      lists.addContentTypeParser(LIST_TYPES, (_request, payload, done) => done(null, payload));
      lists.route({
        method: 'POST',
        url: '/operations/:id/imports',
        config: { access: 'intake.import', names: 'operation', once: 'streamed' },
        bodyLimit: 1024 * 1024 * 1024,
        schema: {
          tags: ['intake'],
          summary: 'Send a registration list (the body is the file); a dry run begins at once and writes nobody',
          description: `Content-Type one of ${LIST_TYPES.join(', ')}. Refused whole where it is empty, above the limit or cut on its way.`,
          consumes: LIST_TYPES,
          params: idParams('operation'),
          querystring: z.strictObject({
            file_name: z
              .string()
              .regex(/^[\w .()-]{1,100}$/, 'A file name is letters, digits, blanks, - _ . ( ), at most 100')
              .optional()
              .meta({ description: 'must not name anybody' }),
            reference_date: z.iso
              .date()
              .optional()
              .meta({ description: 'the day on which ages are reckoned; default: the operation’s own day' }),
          }),
          response: { 202: z.object({ id: id('import') }) },
        },
        handler: async (request, reply) => {
          const { operationId } = scopeOf(request);
          const { file_name, reference_date } = request.query;
          const importId = ports.ids.derived('import', ...originOf(request));
          const at = await ports.operations.now(operationId, ports.clock());
          await ports.imports.create({
            id: importId,
            operationId,
            fileName: file_name ?? null,
            referenceDate: reference_date ?? referenceDateOf(at),
            createdBy: principalOfRequest(request).sub,
          });
          const announced = request.headers['content-length'];
          const received = await ports.imports.receive(
            importId,
            request.body as AsyncIterable<Uint8Array>,
            announced === undefined ? undefined : Number(announced),
            checkOf(importId),
          );
          if (received.outcome === 'refused') throw refusedList(received.refusal, importId);
          await ports.engine.startNow([checkOf(importId).workflowId]);
          return reply.code(202).header('location', `/v1/imports/${importId}`).send({ id: importId });
        },
      });
    };
    await app.register(listRoutes);

    app.route({
      method: 'GET',
      url: '/imports/:id',
      config: { access: 'intake.import', names: 'import' },
      schema: {
        tags: ['intake'],
        summary: 'How far a list is, and what was found',
        params: idParams('import'),
        response: { 200: Import },
      },
      handler: async (request) => {
        const list = await ports.imports.read(request.params.id);
        if (!list) throw new Problem('not_found');
        return {
          id: list.id,
          operation_id: list.operationId,
          status: list.status,
          file_name: list.fileName,
          bytes: list.bytes,
          refusal: list.refusal,
          found: list.found,
          reference_date: list.referenceDate,
          counts: list.counts,
          progress: { done: list.done, total: list.total, failed: list.failed, eta: list.eta },
          created_at: iso(list.createdAt),
          finished_at: list.finishedAt === null ? null : iso(list.finishedAt),
        };
      },
    });

    app.route({
      method: 'GET',
      url: '/imports/:id/rows',
      config: { access: 'intake.import', names: 'import' },
      schema: {
        tags: ['intake'],
        summary: 'The rows of a list with verdict and codes; cells are never shown',
        params: idParams('import'),
        querystring: z.strictObject({ ...Paging, verdict: VerdictCode.optional() }),
        response: { 200: pageOf(ImportRow) },
      },
      handler: async (request) => {
        const { limit, cursor, verdict } = request.query;
        const [from = 0] = after(cursor, ['number']) ?? [];
        const rows = await ports.imports.rows(
          request.params.id,
          { ...(verdict ? { verdict } : {}), after: from },
          limit + 1,
        );
        const { data, ...rest } = page(rows, limit, (row) => [row.row]);
        return {
          data: data.map((row) => ({
            row: row.row,
            line: row.line,
            verdict: row.verdict,
            codes: row.codes.map(foundOut),
            child: row.child,
            household: row.household,
            person_id: row.personId,
          })),
          ...rest,
        };
      },
    });

    app.route({
      method: 'POST',
      url: '/imports/:id/commands/commit',
      config: { access: 'intake.commit', names: 'import' },
      schema: {
        tags: ['intake'],
        summary: 'Take in everybody of the list whose row is acceptable',
        params: idParams('import'),
        body: z.strictObject({}).prefault({}),
        response: { 202: z.object({ id: id('import') }) },
      },
      handler: async (request, reply) => {
        const { id: importId } = request.params;
        const outcome = await ports.imports.startCommit(importId, commitOf(importId));
        if (outcome === 'unknown') throw new Problem('not_found');
        if (outcome !== 'started') throw new Problem('conflict', { detail: NOT_COMMITTED[outcome] });
        await ports.engine.startNow([commitOf(importId).workflowId]);
        return reply.code(202).header('location', `/v1/imports/${importId}`).send({ id: importId });
      },
    });
  };
}

const checkOf = (importId: string) => ({ workflowId: workflowId.import(importId, 'check'), taskQueue: TASK_QUEUE });
const commitOf = (importId: string) => ({ workflowId: workflowId.import(importId, 'commit'), taskQueue: TASK_QUEUE });

const NOT_COMMITTED = {
  not_checked: 'The list is not checked yet, or was refused.',
  nobody_acceptable: 'No row of the list can be taken in.',
  registration_closed: 'Registration is closed in this operation.',
} as const;

const EMPTY = Object.fromEntries(COLUMNS.map((column) => [column, ''])) as Cells;

function definedCells(member: Partial<Cells>): Partial<Cells> {
  return Object.fromEntries(Object.entries(member).filter(([, cell]) => cell !== undefined));
}

function foundOut(finding: Finding) {
  return {
    code: finding.code,
    column: finding.column,
    ...(finding.fields ? { fields: [...finding.fields] } : {}),
    detail: CODES[finding.code].sentence,
  };
}

function refusedList(refusal: { code: string; detail: string; hint: string }, importId: string): Problem {
  const code =
    refusal.code === 'too_large'
      ? 'body_too_large'
      : refusal.code === 'cut_off'
        ? 'body_cut_off'
        : refusal.code === 'empty'
          ? 'empty_body'
          : 'invalid_request';
  return new Problem(code, {
    detail: `${refusal.detail} ${refusal.hint}`,
    extra: { import_id: importId, refusal: refusal.code },
  });
}
