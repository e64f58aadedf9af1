import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Pair as PairRow } from '../../application/duplicates/pairs.ts';
import { PAIR_REASONS } from '../../domain/duplicates/comparePeople.ts';
import {
  allowedPairCommands,
  PAIR_COMMAND_NAMES,
  PAIR_COMMANDS,
  type PairCommand,
} from '../../domain/duplicates/decisions.ts';
import { iso } from '../../domain/time.ts';
import { DUPLICATE_COMMAND_NAMES, inAddress } from '../casing.ts';
import { roleGiving } from '../commands.ts';
import { refusedCommand } from '../failures.ts';
import { after, Paging, page, pageOf } from '../paging.ts';
import { decidesBoth, differences, seesPairsOf, sidesOf } from '../pairDisclosed.ts';
import { scopeOf } from '../plugins/access.ts';
import { principalOfRequest } from '../plugins/authentication.ts';
import { commandIdOf } from '../plugins/idempotency.ts';
import type { ApiPorts } from '../ports.ts';
import { Problem } from '../problems.ts';
import { commandBody, id, idParams } from '../schemas/common.ts';
import { DecidedPair, ListedPair, Pair } from '../schemas/duplicates.ts';
import { withEtag } from '../versions.ts';

/** Duplicate candidates: the pairs, both people side by side, and the decisions about them. */
export function duplicateRoutes(ports: ApiPorts): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: 'GET',
      url: '/operations/:id/duplicate-pairs',
      config: { access: 'pair.read', names: 'operation' },
      schema: {
        tags: ['duplicates'],
        summary: 'Registrations of this operation that may be one person with another',
        params: idParams('operation'),
        querystring: z.strictObject({
          ...Paging,
          'filter[state]': z
            .enum(['open', 'decided'])
            .optional()
            .meta({ description: 'open: suspected or asked; decided: distinct or same' }),
          'filter[import]': id('import').optional().meta({ description: 'one of the people came with this list' }),
        }),
        response: { 200: pageOf(ListedPair) },
      },
      handler: async (request) => {
        const { limit, cursor, 'filter[state]': state, 'filter[import]': importId } = request.query;
        const [from] = after(cursor, ['string']) ?? [];
        const rows = await ports.duplicates.list(scopeOf(request).operationId, { state, importId }, limit, from);
        const { data, ...rest } = page(rows, limit, (row) => [row.id]);
        return {
          data: data.map((pair) => ({
            ...baseOut(pair, isSeen(request, pair)),
            people: pair.people.map(({ personId, journeyId, operationId }) =>
              seesPairsOf(request, operationId)
                ? { known_elsewhere: false as const, id: personId, journey_id: journeyId, operation_id: operationId }
                : { known_elsewhere: true as const },
            ),
          })),
          ...rest,
        };
      },
    });

    app.route({
      method: 'GET',
      url: '/duplicate-pairs/:id',
      config: { access: 'pair.read', names: 'pair' },
      schema: {
        tags: ['duplicates'],
        summary: 'Both people side by side, why they may be one, and what was decided; the looks are in the ledger',
        params: idParams('pair'),
        response: { 200: Pair },
      },
      handler: async (request, reply) => {
        const pair = await ports.duplicates.read(request.params.id);
        if (pair === undefined) throw new Problem('not_found');
        const decisions = await ports.duplicates.decisions(pair.id);
        const { sides, mayReadNotes } = await sidesOf(ports, request, pair);
        const noteIds = mayReadNotes ? decisions.flatMap(({ noteId }) => noteId ?? []) : [];
        const notes = await ports.notes.read(noteIds, { restricted: false });
        withEtag(reply, pair.seq);
        return {
          ...baseOut(pair, isSeen(request, pair)),
          people: sides,
          differs: differences(sides),
          waiting: waitingOut(pair),
          decisions: decisions.map(({ type, by, role, at, reasonCode, noteId }) => {
            const note = noteId === null ? undefined : notes.get(noteId);
            return {
              decision: commandOf(type),
              by,
              role,
              at: iso(at),
              reason_code: reasonCode,
              ...(note === undefined ? {} : { note }),
            };
          }),
          can_do: allowed(request, pair).map((command) => ({
            command: DUPLICATE_COMMAND_NAMES.out(command),
            sentence: PAIR_COMMANDS[command].sentence,
            reason_required: PAIR_COMMANDS[command].reason,
          })),
        };
      },
    });

    for (const name of PAIR_COMMAND_NAMES) {
      const rule = PAIR_COMMANDS[name];
      const kind = DUPLICATE_COMMAND_NAMES.out(name);
      app.route({
        method: 'POST',
        url: `/duplicate-pairs/:id/commands/${inAddress(kind)}`,
        config: { access: 'pair.decide', names: 'pair' },
        schema: {
          tags: ['duplicates'],
          summary: rule.sentence,
          description: `For: ${rule.roles.join(', ')}${rule.knowsBoth ? ', with a role in the operations of both people' : ''}.${rule.reason ? ' A reason_code is needed.' : ''}`,
          operationId: `pair_${kind}`,
          params: idParams('pair'),
          body: commandBody(z.strictObject({})),
          response: { 200: DecidedPair },
        },
        handler: async (request) => {
          const decided = await decide(ports, request, request.params.id, name, request.body);
          return {
            id: decided.id,
            status: decided.status,
            seq: decided.seq,
            waiting: waitingOut(decided),
            allowed: allowed(request, decided).map(DUPLICATE_COMMAND_NAMES.out),
          };
        },
      });
    }
  };
}

async function decide(
  ports: ApiPorts,
  request: FastifyRequest,
  pairId: string,
  command: PairCommand,
  { reason_code: reasonCode, note }: { reason_code?: string | undefined; note?: string | undefined },
): Promise<PairRow> {
  const { operationId, roles } = scopeOf(request);
  const role = roleGiving(PAIR_COMMANDS[command], roles, reasonCode);
  const pair = await ports.duplicates.read(pairId);
  if (pair === undefined) throw new Problem('not_found');
  const knowsBoth = decidesBoth(request, pair);
  const decided = await ports.duplicates.decide({
    ...{ pair, command, operationId, role, knowsBoth, reasonCode, note },
    commandId: commandIdOf(request),
    by: principalOfRequest(request).sub,
  });
  switch (decided.outcome) {
    case 'decided':
      return decided.pair;
    case 'knows_one':
      throw new Problem('not_allowed', {
        detail: 'One of the two is known elsewhere: this is for somebody with a role in the operations of both.',
      });
    case 'engine_unavailable':
      throw new Problem('engine_unavailable');
    case 'refused':
      throw refusedCommand({
        reason: decided.reason,
        allowed: allowedPairCommands(decided.status, roles, knowsBoth),
      });
  }
}

const isSeen = (request: FastifyRequest, pair: PairRow): boolean =>
  pair.people.every(({ operationId }) => seesPairsOf(request, operationId));

function allowed(request: FastifyRequest, pair: PairRow): PairCommand[] {
  return allowedPairCommands(pair.status, scopeOf(request).roles, decidesBoth(request, pair));
}

/** @param seen whether the caller sees both: reasons say something of each of them */
function baseOut(pair: PairRow, seen: boolean) {
  return {
    id: pair.id,
    status: pair.status,
    score: pair.score,
    reasons: seen
      ? pair.reasons.map(({ reason, points }) => ({ code: reason, points, sentence: PAIR_REASONS[reason] }))
      : [],
    found_at: iso(pair.createdAt),
  };
}

function waitingOut({ status, heldJourney, holdId }: PairRow) {
  return status === 'same' && heldJourney !== null && holdId !== null
    ? { journey_id: heldJourney, hold_id: holdId }
    : null;
}

function commandOf(event: string) {
  const command = PAIR_COMMAND_NAMES.find((name) => PAIR_COMMANDS[name].event === event);
  if (command === undefined) throw new Error('No command of a pair makes this event');
  return DUPLICATE_COMMAND_NAMES.out(command);
}
