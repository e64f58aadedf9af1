import type { FastifyRequest } from 'fastify';
import { roleFor } from '../domain/access.ts';
import type { Role } from '../domain/actor.ts';
import { scopeOf } from './plugins/access.ts';
import { principalOfRequest } from './plugins/authentication.ts';
import { commandIdOf } from './plugins/idempotency.ts';
import type { ApiPorts } from './ports.ts';
import { Problem } from './problems.ts';

/** A command of an operation or a movement as it came in. */
type Came = {
  workflowId: string;
  subject: string;
  name: string;
  rule: { roles: readonly Role[]; reason: boolean };
  args: Record<string, unknown>;
  reasonCode: string | undefined;
  note: string | undefined;
};

/** The role under which the caller gives the command. @throws Problem where none of theirs may, or a reason is needed and not there */
export function roleGiving(rule: Came['rule'], held: readonly Role[], reasonCode: string | undefined): Role {
  const role = roleFor(rule.roles, held);
  if (role === undefined) throw new Problem('not_allowed', { detail: `This is for: ${rule.roles.join(', ')}.` });
  if (rule.reason && reasonCode === undefined) {
    throw new Problem('invalid_request', {
      errors: [{ pointer: '/reason_code', code: 'required', detail: 'A reason must be given.' }],
    });
  }
  return role;
}

/** Encrypts the note, then sends the decision to the one workflow that owns the subject; answered after it is recorded. */
export async function sendDecision<Answer>(ports: ApiPorts, request: FastifyRequest, came: Came): Promise<Answer> {
  const role = roleGiving(came.rule, scopeOf(request).roles, came.reasonCode);
  const commandId = commandIdOf(request);
  const { sub } = principalOfRequest(request);
  const noteId = came.note === undefined ? undefined : ports.ids.derived('note', commandId);
  if (noteId !== undefined && came.note !== undefined) {
    await ports.notes.write({ id: noteId, subject: came.subject, author: sub, restricted: false, text: came.note });
  }
  return ports.engine.send<Answer>(came.workflowId, came.name, {
    commandId,
    actor: { kind: 'staff', id: sub, role },
    args: came.args,
    ...(came.reasonCode === undefined ? {} : { reasonCode: came.reasonCode }),
    ...(noteId === undefined ? {} : { noteId }),
  });
}

/** The workflow has looked at the command and said no; anything else leaves open whether it was taken. */
export function wasRefused(error: unknown): boolean {
  return error instanceof Error && error.name === 'WorkflowUpdateFailedError';
}
