import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { type GivenCommand, giveCommand, mayGive, type NotDone, type Outcome } from '../application/commands.ts';
import { journeyChecks } from '../application/journeys/commands.ts';
import type { Role } from '../domain/actor.ts';
import { camelCaseFields, type Names, snakeCaseFields } from '../domain/casing.ts';
import type { Command, Commands } from '../domain/commands.ts';
import { JOURNEY_COMMANDS } from '../domain/journeys/commands/index.ts';
import { t } from '../domain/messages/t.ts';
import { MOVEMENT_COMMANDS } from '../domain/movements/commands/index.ts';
import { OPERATION_COMMANDS } from '../domain/operations/commands/index.ts';
import { type JourneyAnswer, type MovementAnswer, type OperationAnswer, workflowId } from '../workflows/messages.ts';
import { commandOut, inAddress, PHASE_NAMES } from './casing.ts';
import { refusedCommand } from './failures.ts';
import { journeyOf, scopeOf } from './plugins/access.ts';
import { principalOfRequest } from './plugins/authentication.ts';
import { commandIdOf } from './plugins/idempotency.ts';
import type { ApiPorts } from './ports.ts';
import { Problem } from './problems.ts';
import { commandBody, idParams, PhaseCode, StatusCode } from './schemas/common.ts';
import { MovementAnswer as MovementAnswerBody } from './schemas/movements.ts';
import { Status } from './schemas/operations.ts';

const Made = z
  .partialRecord(z.enum(['hold_id', 'document_id', 'household_id', 'suspension_id']), z.string())
  .optional()
  .meta({ description: 'ids that the command has made' });
const PersonAnswer = z
  .object({ seq: z.number().int(), status: StatusCode, phase: PhaseCode, made: Made })
  .meta({ id: 'PersonAnswer' });
const OperationAnswerBody = z
  .object({ seq: z.number().int(), status: Status, made: Made })
  .meta({ id: 'OperationAnswer' });
const Approval = z.object({ approvals: z.literal(1), detail: z.string() }).meta({ id: 'Approval' });

/** The subjects that take commands: where they are addressed, and what they answer. */
const SUBJECTS = [
  { names: 'person', tag: 'people', commands: JOURNEY_COMMANDS, answer: PersonAnswer },
  { names: 'movement', tag: 'movements', commands: MOVEMENT_COMMANDS, answer: MovementAnswerBody },
  { names: 'operation', tag: 'operations', commands: OPERATION_COMMANDS, answer: OperationAnswerBody },
] as const;

/** Id of the schema of a command's arguments; null where it takes none. In openapi.json its form for bodies ends in `Input`. */
const schemaName = ({ name, args }: Command): string | null =>
  Object.keys(args.shape).length === 0 ? null : `${name.charAt(0).toUpperCase()}${name.slice(1)}Args`;

/**
 * Bodies of all commands, made once: a named schema can be made only once. `example`, because zod leaves `examples` out
 * of a schema that transforms.
 */
const BODIES = new Map(
  SUBJECTS.flatMap(({ commands }: { commands: Commands }) => commands.list).map((command) => {
    const id = schemaName(command);
    const args = z.strictObject(snakeCaseFields(command.args.shape));
    return [
      command,
      commandBody(id === null ? args : args.meta({ id, example: snakeCaseFields(command.example) })),
    ] as const;
  }),
);

/** `POST /{people, movements, operations}/{id}/commands/{name}`: one route for each command, with its own body. */
export function commandRoutes(ports: ApiPorts): FastifyPluginAsyncZod {
  return async (app) => {
    for (const { names, tag, commands, answer } of SUBJECTS)
      for (const command of (commands as Commands).list) {
        const body = BODIES.get(command);
        if (command.address !== undefined || body === undefined) continue;
        const kind = commandOut(command.name);
        app.route({
          method: 'POST',
          url: `/${tag}/:id/commands/${inAddress(kind)}`,
          config: { access: command.permission ?? `${names}.command`, names },
          schema: {
            tags: [tag],
            summary: t(command.sentence),
            description: `For: ${command.roles.join(', ')}.${command.reason ? ' A reason_code is needed.' : ''}`,
            operationId: kind,
            params: idParams(names),
            body,
            response: command.secondApproval ? { 200: answer, 202: Approval } : { 200: answer },
          },
          handler: (request, reply) => {
            const { args, reason_code: reasonCode, note } = request.body;
            return GIVE[names](ports, request, reply, { command, args: camelCaseFields(args), reasonCode, note });
          },
        });
      }
  };
}

type Given = Pick<GivenCommand, 'command' | 'args' | 'reasonCode' | 'note'>;

const senderOf = (request: FastifyRequest) => ({
  commandId: commandIdOf(request),
  principal: principalOfRequest(request).sub,
  roles: scopeOf(request).roles,
});

/** How each subject is given a command by the caller of a request, and its answer in the words of the API. */
const GIVE = {
  async person(ports: ApiPorts, request: FastifyRequest, reply: FastifyReply, given: Given) {
    const { journeyId, operationId } = journeyOf(request);
    const at = await ports.operations.now(operationId, ports.clock());
    const to = { workflowId: workflowId.journey(journeyId), subject: journeyId, personId: idIn(request) };
    const checks = journeyChecks(ports, operationId, at);
    const done = await giveCommand<JourneyAnswer>(ports, { ...given, ...senderOf(request), ...to }, checks);
    if (done.outcome === 'first_approval') {
      reply.code(202);
      return { approvals: 1 as const, detail: done.detail };
    }
    const { answer, made } = recorded(done);
    return { ...answer, phase: PHASE_NAMES.out(answer.phase), ...made };
  },
  movement: (ports: ApiPorts, request: FastifyRequest, _reply: FastifyReply, given: Given) =>
    giveToMovement(ports, request, given),
  async operation(ports: ApiPorts, request: FastifyRequest, _reply: FastifyReply, given: Given) {
    const subject = idIn(request);
    const to = { ...given, ...senderOf(request), workflowId: workflowId.operation(subject), subject };
    const { answer, made } = recorded(await giveCommand<OperationAnswer>(ports, to));
    return { ...answer, ...made };
  },
};

export async function giveToMovement(ports: ApiPorts, request: FastifyRequest, given: Given) {
  const subject = idIn(request);
  const to = { ...given, ...senderOf(request), workflowId: workflowId.movement(subject), subject };
  const { answer } = recorded(await giveCommand<MovementAnswer>(ports, to));
  return { ...answer, detail: snakeCaseFields(answer.detail) };
}

function idIn(request: FastifyRequest): string {
  const { id } = request.params as { id: string };
  return id;
}

/** @throws Problem where the command is not done */
function recorded<Answer>(done: Outcome<Answer>): { answer: Answer; made: { made?: Record<string, string> } } {
  if (done.outcome !== 'recorded') throw problemOf(done);
  return { answer: done.answer, made: done.made === undefined ? {} : { made: snakeCaseFields(done.made) } };
}

function problemOf(done: NotDone): Problem {
  switch (done.outcome) {
    case 'reason_missing':
      return wrong('/reason_code', 'required', 'A reason must be given.');
    case 'unknown':
      return wrong(`/args/${Object.keys(snakeCaseFields({ [done.argument]: '' })).join()}`, 'unknown', done.detail);
    case 'ended':
      return new Problem('subject_ended', {
        detail: `The journey has ended (${done.ending}).`,
        extra: { allowed: [] },
      });
    case 'refused':
      return refusedCommand(done);
    case 'second_person_needed':
      return new Problem('second_person_needed', { detail: done.detail });
    case 'not_allowed':
    case 'first_approval':
      return new Problem('not_allowed', { detail: done.detail });
  }
}

function wrong(pointer: string, code: string, detail: string): Problem {
  return new Problem('invalid_request', { errors: [{ pointer, code, detail }] });
}

/** The role under which the caller gives a command. @throws Problem where none of theirs may, or a reason is missing */
export function roleGiving(
  rule: Parameters<typeof mayGive>[0],
  held: readonly Role[],
  reasonCode: string | undefined,
): Role {
  const role = mayGive(rule, held, reasonCode);
  if (typeof role !== 'string') throw problemOf(role);
  return role;
}

/** What somebody can do now, as the console shows it. */
export function canDoOf<Name extends string>(
  commands: Commands<never, Name>,
  names: Names<Name>,
  allowed: readonly Name[],
) {
  return allowed.map((name) => {
    const command = commands.byName[name];
    const schema = schemaName(command);
    return {
      command: names.out(name),
      sentence: t(command.sentence),
      reason_required: command.reason,
      schema: schema === null ? null : `${schema}Input`,
    };
  });
}
