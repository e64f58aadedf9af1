import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { RaisedAlarm } from '../../application/alarms/alarms.ts';
import { operationsFor } from '../../domain/access.ts';
import { snakeCaseFields } from '../../domain/casing.ts';
import { ALARM_KINDS, t } from '../../domain/messages/t.ts';
import { iso } from '../../domain/time.ts';
import { after, Paging, page, pageOf } from '../paging.ts';
import { principalOfRequest } from '../plugins/authentication.ts';
import type { ApiPorts } from '../ports.ts';
import { Problem } from '../problems.ts';
import { At, Code, idParams, MaybeAt, maybe } from '../schemas/common.ts';

const Alarm = z
  .object({
    id: z.string(),
    operation_id: z.string().nullable().meta({ description: 'null where it is about the system as a whole' }),
    subject: z.string().meta({ description: 'id of the journey, movement, partner or other thing that it is about' }),
    kind: z.enum(ALARM_KINDS).meta({ id: 'AlarmKind' }),
    sentence: z.string(),
    detail: z.record(z.string(), z.unknown()).meta({ description: 'ids, codes and counts' }),
    raised_at: At.meta({ description: 'real time' }),
    settled_at: MaybeAt.meta({ description: 'real time' }),
    settled_by: z.string().nullable(),
    reason_code: z.string().nullable(),
  })
  .meta({ id: 'Alarm' });

export function alarmRoutes(ports: ApiPorts): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: 'GET',
      url: '/alarms',
      config: { access: 'alarm.read' },
      schema: {
        tags: ['alarms'],
        summary: 'What went wrong and needs somebody to look at it, the oldest first',
        querystring: z.strictObject({ ...Paging, status: z.enum(['open', 'settled']).default('open') }),
        response: { 200: pageOf(Alarm) },
      },
      handler: async (request) => {
        const { limit, cursor, status } = request.query;
        const rows = await ports.alarms.list(
          operationsFor(principalOfRequest(request), 'alarm.read'),
          { settled: status === 'settled' },
          limit,
          after(cursor, ['number', 'string']),
        );
        const { data, ...rest } = page(rows, limit, ({ raisedAt, id }) => [raisedAt, id]);
        return { data: data.map(out), ...rest };
      },
    });

    app.route({
      method: 'POST',
      url: '/alarms/:id/commands/settle',
      config: { access: 'alarm.settle', names: 'alarm' },
      schema: {
        tags: ['alarms'],
        summary: 'Settle an alarm',
        params: idParams('alarm'),
        body: z.strictObject({ reason_code: Code.meta({ description: 'a code of what was done' }) }),
        response: { 200: Alarm },
      },
      handler: async (request) => {
        const { id } = request.params;
        const settled = await ports.alarms.settle(id, principalOfRequest(request).sub, request.body.reason_code);
        if (settled === undefined) throw new Problem('not_found');
        return out(settled);
      },
    });
  };
}

function out(alarm: RaisedAlarm) {
  return {
    id: alarm.id,
    operation_id: alarm.operationId,
    subject: alarm.subject,
    kind: alarm.kind,
    sentence: t(`alarm.${alarm.kind}`),
    detail: snakeCaseFields(alarm.detail),
    raised_at: iso(alarm.raisedAt),
    settled_at: maybe(alarm.settledAt),
    settled_by: alarm.settledBy,
    reason_code: alarm.reasonCode,
  };
}
