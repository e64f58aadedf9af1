import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { TASK_STATUSES, type Task as TaskFields } from '../../application/tasks/tasks.ts';
import { rolesAnywhere } from '../../domain/access.ts';
import { ROLES, type Role } from '../../domain/actor.ts';
import { snakeCaseFields } from '../../domain/casing.ts';
import { isMessageKey, t } from '../../domain/messages/t.ts';
import { iso } from '../../domain/time.ts';
import { TASK_KINDS, taskKindOut } from '../casing.ts';
import { after, Paging, page, pageOf } from '../paging.ts';
import { scopeOf } from '../plugins/access.ts';
import { principalOfRequest } from '../plugins/authentication.ts';
import type { ApiPorts } from '../ports.ts';
import { At, idParams, MaybeAt, maybe } from '../schemas/common.ts';

const Task = z
  .object({
    id: z.string(),
    operation_id: z.string(),
    subject: z.string().meta({ description: 'id of the journey, movement or other thing that it is about' }),
    person_id: z.string().nullable(),
    kind: z.enum(TASK_KINDS),
    sentence: z.string(),
    role: z.enum(ROLES),
    also_for: z.array(z.enum(ROLES)).meta({ description: 'whom it has escalated to; it stays one task' }),
    opened_at: At,
    due: MaybeAt,
    status: z.enum(TASK_STATUSES),
    data: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'Task' });
const KEY = ['number', 'string'] as const;

export function taskRoutes(ports: ApiPorts): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: 'GET',
      url: '/tasks',
      config: { access: 'task.read' },
      schema: {
        tags: ['tasks'],
        summary: 'Decisions that wait for one of your roles, the earliest due first',
        querystring: z.strictObject({ ...Paging, role: z.enum(ROLES).optional() }),
        response: { 200: pageOf(Task) },
      },
      handler: async (request) => {
        const { limit, cursor, role } = request.query;
        const principal = principalOfRequest(request);
        const held = new Set<Role>(rolesAnywhere(principal));
        const mine = principal.roles.flatMap((grant) =>
          grant.role !== 'partner' && held.has(grant.role) && (role === undefined || role === grant.role)
            ? [{ role: grant.role, operation: grant.operation }]
            : [],
        );
        const { data, ...rest } = page(await ports.tasks.forRoles(mine, limit, after(cursor, KEY)), limit, keyOf);
        return { data: data.map(out), ...rest };
      },
    });

    app.route({
      method: 'GET',
      url: '/operations/:id/tasks',
      config: { access: 'task.list', names: 'operation' },
      schema: {
        tags: ['tasks'],
        summary: 'Decisions that wait in an operation, the earliest due first',
        params: idParams('operation'),
        querystring: z.strictObject({
          ...Paging,
          role: z.enum(ROLES).optional(),
          status: z.enum(TASK_STATUSES).default('open'),
        }),
        response: { 200: pageOf(Task) },
      },
      handler: async (request) => {
        const { limit, cursor, role, status } = request.query;
        const rows = await ports.tasks.ofOperation(
          scopeOf(request).operationId,
          { status, role },
          limit,
          after(cursor, KEY),
        );
        const { data, ...rest } = page(rows, limit, keyOf);
        return { data: data.map(out), ...rest };
      },
    });
  };
}

/** A task without a deadline comes after all others; in a cursor its due is 0. */
function keyOf(task: TaskFields): [number, string] {
  return [task.due ?? 0, task.id];
}

function out(task: TaskFields) {
  const what = `what.${task.kind}`;
  return {
    id: task.id,
    operation_id: task.operationId,
    subject: task.subject,
    person_id: task.personId,
    kind: taskKindOut(task.kind),
    sentence: isMessageKey(what) ? t(what) : task.kind.replaceAll('_', ' '),
    role: task.role,
    also_for: task.alsoFor,
    opened_at: iso(task.openedAt),
    due: maybe(task.due),
    status: task.status,
    data: snakeCaseFields(task.data),
  };
}
