import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { scopeOf } from '../plugins/access.ts';
import { principalOfRequest } from '../plugins/authentication.ts';
import { originOf } from '../plugins/idempotency.ts';
import type { ApiPorts } from '../ports.ts';
import { Problem, type ProblemError } from '../problems.ts';
import { id, idParams } from '../schemas/common.ts';
import { DELIMITERS, UploadQuery } from '../schemas/imports.ts';

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
        const list = {
          id: importId,
          operationId,
          fileName: file_name ?? null,
          referenceDate: reference_date,
          createdBy: principalOfRequest(request).sub,
          given: { ...(encoding ? { encoding } : {}), ...(delimiter ? { delimiter: DELIMITERS[delimiter] } : {}) },
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
