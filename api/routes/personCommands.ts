import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { roleFor } from '../../domain/access.ts';
import type { Role } from '../../domain/actor.ts';
import { HOLD_RULES } from '../../domain/holds.ts';
import {
  allowedCommands,
  JOURNEY_COMMANDS,
  type JourneyCommand,
  type JourneyCommands,
  refusalOf,
} from '../../domain/journeys/commands.ts';
import type { Instant } from '../../domain/time.ts';
import { type JourneyAnswer, workflowId } from '../../workflows/messages.ts';
import { inAddress, JOURNEY_COMMAND_NAMES, PHASE_NAMES } from '../casing.ts';
import { roleGiving, wasRefused } from '../commands.ts';
import { refusedCommand } from '../failures.ts';
import { journeyOf } from '../plugins/access.ts';
import { principalOfRequest } from '../plugins/authentication.ts';
import { commandIdOf } from '../plugins/idempotency.ts';
import type { ApiPorts } from '../ports.ts';
import { Problem } from '../problems.ts';
import { idParams, PhaseCode, StatusCode } from '../schemas/common.ts';
import { commandBody, JOURNEY_ARGS, type JourneyArgs } from '../schemas/journeyCommands.ts';

const Answer = z
  .object({
    seq: z.number().int(),
    status: StatusCode,
    phase: PhaseCode,
    /** ids that the command has made: of a hold, a document, a household */
    made: z.record(z.string(), z.string()).optional(),
  })
  .meta({ id: 'PersonAnswer' });
const Approval = z.object({ approvals: z.literal(1), detail: z.string() }).meta({ id: 'Approval' });

/** A command on its way: who gives it, about which journey, when. */
type Given = {
  request: FastifyRequest;
  journeyId: string;
  operationId: string;
  roles: Role[];
  at: Instant;
  noteId: string | undefined;
  commandId: string;
};

/** What precedes the event: rows are written, and the arguments become what may travel. */
type Prepared<C extends JourneyCommand> = {
  args: JourneyCommands[C];
  role?: Role;
  made?: Record<string, string>;
  /** takes back what was written, when the workflow refuses */
  compensate?: () => Promise<void>;
};
type Prepare<C extends JourneyCommand> = (
  ports: ApiPorts,
  args: JourneyArgs<C>,
  given: Given,
) => Prepared<C> | Promise<Prepared<C> | 'second_approval_needed'>;

const asTheyAre = <C extends JourneyCommand>(_ports: ApiPorts, args: JourneyArgs<C>): Prepared<C> => ({
  args: args as unknown as JourneyCommands[C],
});

const PREPARE: { [C in JourneyCommand]: Prepare<C> } = {
  confirmIdentity: asTheyAre,
  completeScreening: asTheyAre,
  giveConsent: asTheyAre,
  refuseConsent: asTheyAre,
  reconfirmConsent: asTheyAre,
  withdrawConsent: asTheyAre,
  raiseHold: async (ports, { type }, given) => {
    const holdId = ports.ids.derived('hold', given.commandId);
    await ports.holds.raise({
      id: holdId,
      journeyId: given.journeyId,
      operationId: given.operationId,
      type,
      ...(given.noteId === undefined ? {} : { noteId: given.noteId }),
      raisedBy: principalOfRequest(given.request).sub,
      raisedAt: given.at,
    });
    return { args: { holdId }, made: { hold_id: holdId }, compensate: () => ports.holds.voidRaised(holdId) };
  },
  releaseHold,
  provideEvidence: asTheyAre,
  requestVerificationAgain: asTheyAre,
  requestOtherState: async (ports, { partner_id }) => {
    const partner = await ports.partners.read(partner_id);
    if (partner?.kind !== 'consulate')
      throw new Problem('invalid_request', {
        errors: [{ pointer: '/args/partner_id', code: 'unknown', detail: 'There is no such consulate.' }],
      });
    return { args: { partnerId: partner_id } };
  },
  recordDocument: async (ports, { kind, valid_until, issued_by }, given) => {
    const documentId = ports.ids.derived('document', given.commandId);
    await ports.people.holdDocument({
      id: documentId,
      journeyId: given.journeyId,
      kind,
      issuedBy: issued_by ?? null,
      validUntil: valid_until,
      at: given.at,
    });
    return {
      args: { documentId, validUntil: valid_until },
      made: { document_id: documentId },
      compensate: () => ports.people.dropDocument(documentId),
    };
  },
  requestDocumentAgain: asTheyAre,
  recordFitness: (_ports, { result, conditions, until, review_at }) => ({
    args: {
      result,
      conditions,
      ...(until === undefined ? {} : { until }),
      ...(review_at === undefined ? {} : { reviewAt: review_at }),
    },
  }),
  requestExitPermitAgain: asTheyAre,
  decideRoute: asTheyAre,
  splitOff: async (ports, _args, given) => {
    const journey = await ports.people.journey(given.journeyId);
    const role = roleFor(['protection_officer', 'protection_lead'], given.roles);
    if (journey && role === undefined && (await ports.households.hasChildren(journey.householdId))) {
      throw new Problem('not_allowed', { detail: 'A child is in this household: a protection officer decides.' });
    }
    const householdId = ports.ids.derived('household', given.commandId);
    await ports.households.prepareSplit(householdId, given.journeyId);
    return {
      args: { householdId },
      ...(role ? { role } : {}),
      made: { household_id: householdId },
      compensate: () => ports.households.dropEmpty(householdId),
    };
  },
  confirmHousehold: asTheyAre,
  receive: (_ports, { site_id }) => ({ args: site_id === undefined ? {} : { siteId: site_id } }),
  planReintegration: asTheyAre,
  recordFollowUp: asTheyAre,
  dismissCancelRequest: asTheyAre,
  endJourney: asTheyAre,
};

/** Who may release depends on the kind of the hold; a refusal says nothing about that kind. */
async function releaseHold(
  ports: ApiPorts,
  { hold_id, reference }: JourneyArgs<'releaseHold'>,
  given: Given,
): Promise<Prepared<'releaseHold'> | 'second_approval_needed'> {
  const hold = await ports.holds.read(hold_id);
  if (hold?.journeyId !== given.journeyId) throw refusedCommand({ reason: 'This hold is not open', allowed: [] });
  const rule = HOLD_RULES[hold.type];
  const { sub } = principalOfRequest(given.request);
  const role = roleFor(
    JOURNEY_COMMANDS.releaseHold.roles.filter((named) => rule.releasedBy.includes(named)),
    given.roles,
  );
  if (role === undefined) throw new Problem('not_allowed', { detail: 'This hold is for others to release.' });
  if (rule.notByRaiser && hold.raisedBy === sub)
    throw new Problem('second_person_needed', { detail: 'Whoever raised this hold does not release it.' });
  if (!rule.fourEyes) {
    await ports.holds.noteReference(hold_id, reference);
    return { args: { holdId: hold_id }, role };
  }
  // released already by this very command: the workflow answers it again
  if (hold.status === 'released' && hold.releasedBy === sub) return { args: { holdId: hold_id }, role };
  const approval = await ports.holds.approve(hold_id, sub, reference);
  return approval === 'second' ? { args: { holdId: hold_id }, role } : 'second_approval_needed';
}

/** `POST /people/{id}/commands/{name}`: one route for each command of the table, with its own body. */
export function personCommandRoutes(ports: ApiPorts): FastifyPluginAsyncZod {
  return async (app) => {
    for (const name of Object.keys(JOURNEY_COMMANDS) as JourneyCommand[]) register(name);

    function register(name: JourneyCommand): void {
      const rule = JOURNEY_COMMANDS[name];
      const kind = JOURNEY_COMMAND_NAMES.out(name);
      app.route({
        method: 'POST',
        url: `/people/:id/commands/${inAddress(kind)}`,
        config: { access: 'person.command', names: 'person' },
        schema: {
          tags: ['people'],
          summary: rule.sentence,
          description: `For: ${rule.roles.join(', ')}.${rule.reason ? ' A reason_code is needed.' : ''}`,
          operationId: kind,
          params: idParams('person'),
          body: commandBody(JOURNEY_ARGS[name]),
          response: name === 'releaseHold' ? { 200: Answer, 202: Approval } : { 200: Answer },
        },
        handler: async (request, reply) => {
          const { args, reason_code, note } = request.body;
          return decide(ports, request, reply, name, args, reason_code, note);
        },
      });
    }
  };
}

async function decide<C extends JourneyCommand>(
  ports: ApiPorts,
  request: FastifyRequest,
  reply: FastifyReply,
  name: C,
  args: JourneyArgs<C>,
  reasonCode: string | undefined,
  note: string | undefined,
): Promise<unknown> {
  const { journeyId, operationId, roles } = journeyOf(request);
  const rule = JOURNEY_COMMANDS[name];
  const ownRole = roleGiving(rule, roles, reasonCode);
  const commandId = commandIdOf(request);
  const at = await ports.operations.now(operationId, ports.clock());
  const repeated = await ports.now.commandIsRecorded(journeyId, commandId);
  if (!repeated) await refuseEarly(ports, journeyId, name, args, roles, at);
  const { sub } = principalOfRequest(request);
  const { id: personId } = request.params as { id: string };
  const noteId = note === undefined ? undefined : ports.ids.derived('note', commandId);
  if (noteId !== undefined && note !== undefined) {
    const restricted = name === 'raiseHold' || name === 'releaseHold';
    await ports.notes.write({ id: noteId, subject: journeyId, personId, author: sub, restricted, text: note });
  }
  const prepared = await PREPARE[name](ports, args, { request, journeyId, operationId, roles, at, noteId, commandId });
  if (prepared === 'second_approval_needed') {
    reply.code(202);
    return { approvals: 1, detail: 'Noted. A second person who may release this hold must approve as well.' };
  }
  try {
    const answer = await ports.engine.send<JourneyAnswer>(workflowId.journey(journeyId), name, {
      commandId,
      actor: { kind: 'staff', id: sub, role: prepared.role ?? ownRole },
      args: prepared.args,
      ...(reasonCode === undefined ? {} : { reasonCode }),
      ...(noteId === undefined ? {} : { noteId }),
    });
    return { ...answer, phase: PHASE_NAMES.out(answer.phase), ...(prepared.made ? { made: prepared.made } : {}) };
  } catch (error) {
    if (wasRefused(error)) await prepared.compensate?.();
    throw error;
  }
}

/** What the event log already decides is refused here: a refusal by a workflow that sleeps costs as much as an acceptance. */
async function refuseEarly<C extends JourneyCommand>(
  ports: ApiPorts,
  journeyId: string,
  name: C,
  args: JourneyArgs<C>,
  roles: Role[],
  at: Instant,
): Promise<void> {
  const state = await ports.now.state(journeyId);
  if (state.seq === 0) return;
  const ending = state.ending;
  if (ending !== undefined)
    throw new Problem('subject_ended', { detail: `The journey has ended (${ending}).`, extra: { allowed: [] } });
  // commands whose arguments are made here are judged by the workflow alone
  if (name === 'raiseHold' || name === 'recordDocument' || name === 'splitOff' || name === 'recordFitness') return;
  const judged = name === 'releaseHold' ? { holdId: (args as JourneyArgs<'releaseHold'>).hold_id } : args;
  const reason = refusalOf(state, name, judged as unknown as JourneyCommands[C], at);
  if (reason !== undefined) throw refusedCommand({ reason, allowed: allowedCommands(state, roles, at) });
}
