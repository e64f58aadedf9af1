import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ImportProgress } from '../../application/imports/record.ts';
import { closedColumns, columnsOfFindings, disclosedColumns, groupsOfList } from '../../domain/imports/disclosed.ts';
import { importOut, misnamed, overrideOf, rowOut, summaryOut } from '../imports.ts';
import { after, Paging, page, pageOf } from '../paging.ts';
import { scopeOf } from '../plugins/access.ts';
import { principalOfRequest } from '../plugins/authentication.ts';
import { originOf } from '../plugins/idempotency.ts';
import type { ApiPorts } from '../ports.ts';
import { Problem, type ProblemError } from '../problems.ts';
import { id, idParams } from '../schemas/common.ts';
import { DELIMITERS, Import, ImportRow, ImportSummary, ReadArgs, RowQuery, UploadQuery } from '../schemas/imports.ts';

/** What a file of rows to correct may come as. */
const FILE_TYPES = [
  'text/csv',
  'text/tab-separated-values',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
];
const FIRST_FAULTS = 20;

export function importRoutes(ports: ApiPorts): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: 'GET',
      url: '/operations/:id/imports',
      config: { access: 'imports.read', names: 'operation' },
      schema: {
        tags: ['registration'],
        summary: 'The lists of an operation, those that came last first',
        params: idParams('operation'),
        querystring: z.strictObject(Paging),
        response: { 200: pageOf(ImportSummary) },
      },
      handler: async (request) => {
        const { limit, cursor } = request.query;
        const [createdAt, lastId] = after(cursor, ['number', 'string']) ?? [];
        const from = createdAt === undefined || lastId === undefined ? undefined : { createdAt, id: lastId };
        const lists = await ports.imports.list(scopeOf(request).operationId, limit + 1, from);
        const { data, ...rest } = page(lists, limit, (list) => [list.createdAt, list.id]);
        const who = principalOfRequest(request);
        return { data: data.map((list) => summaryOut(list, groupsOfList(list, who), ports.clock())), ...rest };
      },
    });

    app.route({
      method: 'GET',
      url: '/imports/:id',
      config: { access: 'imports.read', names: 'import' },
      schema: {
        tags: ['registration'],
        summary: 'How far a list is, what was found out about its file, and its first faults',
        params: idParams('import'),
        response: { 200: Import },
      },
      handler: async (request) => {
        const list = await listOf(ports, request.params.id);
        const groups = groupsOfList(list, principalOfRequest(request));
        return importOut(list, await ports.imports.firstFaults(list.id, FIRST_FAULTS), groups, ports.clock());
      },
    });

    app.route({
      method: 'GET',
      url: '/imports/:id/rows',
      config: { access: 'imports.read', names: 'import' },
      schema: {
        tags: ['registration'],
        summary: 'The rows of a list with verdict, codes and flags, each cell beside what it was taken for',
        description:
          'Whoever brought the list is shown all of it until it is committed; then they are shown, like everybody else, the columns that their roles are shown of people. A filter by a code finds no row by a cell that tells of protection, unless the caller may read that cell. Each look is written down.',
        params: idParams('import'),
        querystring: z.strictObject({ ...Paging, ...RowQuery }),
        response: { 200: pageOf(ImportRow) },
      },
      handler: async (request, reply) => {
        const { limit, cursor, verdict, code } = request.query;
        const [from = 0] = after(cursor, ['number']) ?? [];
        const list = await listOf(ports, request.params.id);
        const principal = principalOfRequest(request);
        const groups = groupsOfList(list, principal);
        const filter = { verdict, code, after: from };
        const columnsOfCode = columnsOfFindings(groups);
        const { data, ...rest } = page(
          await ports.imports.rows(list.id, { ...filter, columns: columnsOfCode }, limit + 1),
          limit,
          (row) => [row.row],
        );
        await ports.imports.log({
          id: ports.ids.fresh('disclosure'),
          importId: list.id,
          principal: principal.sub,
          kind: 'rows',
          filter,
          fields: disclosedColumns(groups),
          rowCount: data.length,
        });
        const columns = list.found?.found.columns ?? [];
        return reply
          .header('cache-control', 'no-store')
          .send({ data: data.map((row) => rowOut(row, columns, groups)), ...rest });
      },
    });

    app.route({
      method: 'GET',
      url: '/imports/:id/rows-to-correct',
      config: { access: 'imports.check', names: 'import' },
      schema: {
        tags: ['registration'],
        summary: 'The rejected rows as a file in the form of the list, with one more column that says why',
        description:
          'Correct the cells and send the file to the operation’s imports with `continues`. The column `to_correct` begins with the number of the row: leave it. A cell that a spreadsheet would evaluate has an apostrophe before it, which is taken off when the file comes back. A cell that the caller may not read stands as `[kept]`: leave it, and the cell of the list stays as it is. Each download is written down. Of very many rows the first 20,000 come; the others when these are corrected.',
        produces: FILE_TYPES,
        params: idParams('import'),
        response: { 200: z.unknown().meta({ description: 'the file; its encoding is that of the list' }) },
      },
      handler: async (request, reply) => {
        const { id: importId } = request.params;
        const file = await ports.imports.rowsToCorrect(importId, principalOfRequest(request));
        if (file === 'unknown') throw new Problem('not_found');
        if (typeof file === 'string') throw new Problem('conflict', { detail: NO_FILE[file] });
        return reply
          .header('cache-control', 'no-store')
          .header('content-disposition', `attachment; filename="${importId}-to-correct.${file.extension}"`)
          .type(file.mediaType)
          .send(file.bytes);
      },
    });

    app.route({
      method: 'POST',
      url: '/imports/:id/commands/read',
      config: { access: 'imports.check', names: 'import' },
      schema: {
        tags: ['registration'],
        summary: 'Say how the file is to be read instead of what was found out; it is checked once more',
        description:
          'What is given comes on top of what was given before. What headings stand for is remembered for the next lists of the same partner (without one, of the same operation).',
        params: idParams('import'),
        body: z.strictObject({ args: ReadArgs }),
        response: { 202: z.object({ id: id('import') }) },
      },
      handler: async (request, reply) => {
        const { id: importId } = request.params;
        const list = await listOf(ports, importId);
        const { args } = request.body;
        const errors = misnamed(args, list.found?.found);
        if (errors.length > 0) throw new Problem('invalid_request', { errors });
        const ordered = await ports.imports.reprocess(importId, overrideOf(args), principalOfRequest(request).sub);
        if (ordered.outcome === 'unknown') throw new Problem('not_found');
        if (ordered.outcome !== 'ordered') throw new Problem('conflict', { detail: NOT_READ_AGAIN[ordered.outcome] });
        await ports.engine.startNow([ordered.start.workflowId]);
        return reply.code(202).header('location', `/v1/imports/${importId}`).send({ id: importId });
      },
    });

    app.route({
      method: 'POST',
      url: '/imports/:id/commands/commit',
      config: { access: 'imports.commit', names: 'import' },
      schema: {
        tags: ['registration'],
        summary: 'Register everybody of the list whose row is acceptable and who is not registered yet',
        params: idParams('import'),
        body: z.strictObject({}).prefault({}),
        response: { 202: z.object({ id: id('import') }) },
      },
      handler: async (request, reply) => {
        const { id: importId } = request.params;
        const ordered = await ports.imports.startCommit(importId);
        if (ordered.outcome === 'unknown') throw new Problem('not_found');
        if (ordered.outcome !== 'started') throw new Problem('conflict', { detail: NOT_COMMITTED[ordered.outcome] });
        await ports.engine.startNow([ordered.start.workflowId]);
        return reply.code(202).header('location', `/v1/imports/${importId}`).send({ id: importId });
      },
    });
  };
}

const NOT_CHECKED = 'The list is not checked yet, or was refused.';
const NO_FILE = {
  not_checked: NOT_CHECKED,
  not_kept: 'The raw list has been removed.',
  nothing: 'No row of this list is rejected.',
} as const;
const NOT_COMMITTED = {
  not_checked: NOT_CHECKED,
  nobody_acceptable: 'The list has no acceptable row that is not registered already.',
  registration_closed: 'Registration is closed in this operation.',
  corrects_another: 'This file is a part of the list that it continues: commit that one.',
} as const;
const NOT_READ_AGAIN = {
  busy: 'The list is being worked on: wait until it is checked or refused.',
  registered: 'People of this list have been registered; correct its rejected rows instead.',
  joined: 'This file has become a part of the list that it continues: say it of that one.',
  not_kept: 'Nothing of this list was kept: send it again.',
} as const;

async function listOf(ports: ApiPorts, importId: string): Promise<ImportProgress> {
  const list = await ports.imports.read(importId);
  if (!list) throw new Problem('not_found');
  return list;
}

/** What a list may come as; anything else is 415. */
const LIST_TYPES = [
  'text/csv',
  'text/tab-separated-values',
  'text/plain',
  'application/octet-stream',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
];

/** The one route whose body is not parsed: a plugin of its own, so that its parsers are. */
export function importUploadRoutes(ports: ApiPorts): FastifyPluginAsyncZod {
  return async (app) => {
    // The body of a list is never parsed here: it streams past, encrypted chunk by chunk.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser(LIST_TYPES, (_request, payload, done) => done(null, payload));
    app.route({
      method: 'POST',
      url: '/operations/:id/imports',
      config: { access: 'imports.check', names: 'operation', once: 'streamed' },
      bodyLimit: 1024 * 1024 * 1024,
      schema: {
        tags: ['registration'],
        summary: 'Send a registration list (the body is the file); a dry run begins at once and writes nobody',
        description: `Content-Type one of ${LIST_TYPES.join(', ')}. Refused whole where it is empty, above the limit or cut on its way. With \`continues\` the file corrections the rejected rows of that list, which is then checked anew under its own id.`,
        consumes: LIST_TYPES,
        params: idParams('operation'),
        querystring: UploadQuery,
        response: { 202: z.object({ id: id('import') }) },
      },
      handler: async (request, reply) => {
        const { operationId } = scopeOf(request);
        const { file_name, reference_date, partner, continues, encoding, delimiter } = request.query;
        const importId = ports.ids.derived('import', ...originOf(request));
        const corrects = continues === undefined ? undefined : await ports.imports.read(continues);
        const list = {
          id: importId,
          operationId,
          fileName: file_name ?? null,
          referenceDate: reference_date,
          createdBy: principalOfRequest(request).sub,
          given: {
            ...(encoding ? { encoding } : {}),
            ...(delimiter ? { delimiter: DELIMITERS[delimiter] } : {}),
            ...(corrects ? { kept: closedColumns(groupsOfList(corrects, principalOfRequest(request))) } : {}),
          },
          partnerId: partner,
          continues,
        };
        const announced = request.headers['content-length'];
        const received = await ports.imports.upload(list, {
          source: request.body as AsyncIterable<Uint8Array>,
          expectedBytes: announced === undefined ? undefined : Number(announced),
        });
        if (received.outcome === 'unknown') {
          throw new Problem('invalid_request', { errors: received.faults.map((fault) => UNKNOWN[fault]) });
        }
        if (received.outcome === 'refused') throw refusedList(received.refusal, importId);
        await ports.engine.startNow([received.check.workflowId]);
        return reply.code(202).header('location', `/v1/imports/${importId}`).send({ id: importId });
      },
    });
  };
}

const UNKNOWN = {
  partner_unknown: {
    parameter: 'partner',
    code: 'unknown',
    detail: 'There is no such partner: register it first.',
  },
  list_unknown: {
    parameter: 'continues',
    code: 'unknown',
    detail: 'There is no such import in this operation.',
  },
  corrects_another: {
    parameter: 'continues',
    code: 'corrects_another',
    detail: 'Name the list itself, not a file that corrections it.',
  },
} as const satisfies Record<string, ProblemError>;

const REFUSED_AS = { too_large: 'body_too_large', cut_off: 'body_cut_off' } as const;

function refusedList(
  { code, detail, hint }: { code: string; detail: string; hint: string },
  importId: string,
): Problem {
  return new Problem(code === 'too_large' || code === 'cut_off' ? REFUSED_AS[code] : 'list_refused', {
    detail: `${detail} ${hint}`,
    errors: [{ pointer: '', code, detail }],
    extra: { import_id: importId },
  });
}
