import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { referenceDateOf } from '../../domain/registration.ts';
import { runOf } from '../importRuns.ts';
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
const checkOf = runOf('check');

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
        await demandKnown(ports, operationId, request.query);
        const importId = ports.ids.derived('import', ...originOf(request));
        const at = await ports.operations.now(operationId, ports.clock());
        await ports.imports.create({
          id: importId,
          operationId,
          fileName: file_name ?? null,
          referenceDate: reference_date ?? referenceDateOf(at),
          createdBy: principalOfRequest(request).sub,
          given: { ...(encoding ? { encoding } : {}), ...(delimiter ? { delimiter: DELIMITERS[delimiter] } : {}) },
          ...(partner ? { partnerId: partner } : {}),
          ...(continues ? { continues } : {}),
        });
        const announced = request.headers['content-length'];
        const received = await ports.imports.receive(
          importId,
          request.body as AsyncIterable<Uint8Array>,
          announced === undefined ? undefined : Number(announced),
          checkOf(importId, 1),
        );
        if (received.outcome === 'refused') throw refusedList(received.refusal, importId);
        await ports.engine.startNow([checkOf(importId, 1).workflowId]);
        return reply.code(202).header('location', `/v1/imports/${importId}`).send({ id: importId });
      },
    });
  };
}

/** The partner must be registered, and the list that is continued be one of this operation. */
async function demandKnown(
  ports: ApiPorts,
  operationId: string,
  { partner, continues }: { partner?: string | undefined; continues?: string | undefined },
): Promise<void> {
  const errors: ProblemError[] = [];
  if (partner !== undefined && (await ports.partners.read(partner)) === undefined) {
    errors.push({ parameter: 'partner', code: 'unknown', detail: 'There is no such partner: register it first.' });
  }
  if (continues !== undefined) {
    const list = await ports.imports.read(continues);
    if (list?.operationId !== operationId) {
      errors.push({ parameter: 'continues', code: 'unknown', detail: 'There is no such import in this operation.' });
    } else if (list.continues !== null) {
      errors.push({
        parameter: 'continues',
        code: 'corrects_another',
        detail: 'Name the list itself, not a file that corrections it.',
      });
    }
  }
  if (errors.length > 0) throw new Problem('invalid_request', { errors });
}

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
