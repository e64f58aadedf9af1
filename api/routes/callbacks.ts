import type { FastifyPluginAsync } from 'fastify';
import { z } from 'zod';
import { type CallbackPorts, receiveCallback } from '../../application/requests/processInbox.ts';
import { idPattern } from '../../domain/ids.ts';
import { Problem, type ProblemError } from '../problems.ts';
import { allowedOf } from '../validation.ts';

/** A callback is a few codes; whatever is larger is none. */
const MOST_BYTES = 16 * 1024;

/** `POST /v1/callbacks/{partner_id}`: answers of partners and messages of carriers. They are applied afterwards. */
export const callbacks: FastifyPluginAsync<{ ports: CallbackPorts }> = async (app, { ports }) => {
  // Only within this plugin: the bytes as they came are what was signed.
  app.removeContentTypeParser(['application/json']);
  app.addContentTypeParser('application/json', { parseAs: 'buffer', bodyLimit: MOST_BYTES }, (_request, body, done) => {
    done(null, body);
  });

  app.post(
    '/v1/callbacks/:partner_id',
    {
      bodyLimit: MOST_BYTES,
      config: { access: 'callback.receive', open: true },
      schema: {
        summary: 'A partner answers, or a carrier reports on its vehicle',
        description:
          'Signed by Standard Webhooks with the secret of the partner, no older than five minutes. Stored once for each event_id and applied afterwards: docs/partner-protocol.md.',
        tags: ['callbacks'],
        params: z.object({ partner_id: z.string().regex(idPattern('partner')) }),
        response: { 202: z.object({ status: z.literal('received') }) },
      },
    },
    async (request, reply) => {
      const { partner_id: partnerId } = request.params as { partner_id: string };
      const raw = request.body;
      if (!Buffer.isBuffer(raw)) throw new Problem('unsupported_media_type');
      const receipt = await receiveCallback(ports, partnerId, { headers: request.headers, raw });
      if (receipt.outcome === 'invalid') throw new Problem('invalid_request', { errors: receipt.issues.map(explain) });
      if (receipt.outcome !== 'received') throw new Problem(receipt.outcome);
      return reply.code(202).send({ status: 'received' });
    },
  );
};

/** Places by our own names; never what came, nor names of fields that are not ours. */
function explain(issue: z.core.$ZodIssue): ProblemError {
  const pointer = issue.path.map((segment) => `/${String(segment)}`).join('');
  const allowed = issue.code === 'invalid_value' ? allowedOf(issue.values) : undefined;
  if (allowed !== undefined) return { pointer, code: issue.code, ...allowed };
  return issue.code === 'unrecognized_keys'
    ? { pointer, code: 'unknown_field', detail: 'A field here is not part of this type.' }
    : { pointer, code: issue.code, detail: issue.message };
}
