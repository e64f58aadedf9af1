import { z } from 'zod';
import { PROTECTION_ROLES, type Role } from '../../actor.ts';
import { id } from '../../fields.ts';
import {
  AUTHORITIES,
  CONTACT_CHANNELS,
  confirmationRefusal,
  isProtection,
  lostContactLacks,
  proposalRefusal,
} from '../endings.ts';
import type { JourneyEvent } from '../events.ts';
import type { JourneyState } from '../state.ts';
import { ENDINGS, type Ending } from '../statuses.ts';
import { CASE_WORK, defineCommand } from './define.ts';

export const dismissCancelRequest = defineCommand({
  name: 'dismissCancelRequest',
  args: {},
  roles: ['duty_supervisor', 'operation_lead', 'coordinator'],
  reason: true,
  sentence: 'command.journey.dismissCancelRequest',
  then: 'continueAsNew',
  refusal: ({ cancelRequested }) => (cancelRequested ? undefined : 'Nobody has asked Temporal to cancel this journey'),
  effect: () => [{ type: 'cancelRequestDismissed', data: {} }],
});

/** What has happened is recorded wherever the person is, by whoever knows of it. */
export const recordDeath = defineCommand({
  name: 'recordDeath',
  args: {},
  roles: ['movement_officer', 'health_officer', 'coordinator', ...CASE_WORK, 'duty_supervisor', 'operation_lead'],
  sentence: 'command.journey.recordDeath',
  effect: ({ travel: { movementId } }) => [
    { type: 'deathRecorded', data: movementId === undefined ? {} : { movementId } },
  ],
});

export const recordContactAttempt = defineCommand({
  name: 'recordContactAttempt',
  args: {
    channel: z.enum(CONTACT_CHANNELS).meta({ description: 'how it was tried' }),
    reached: z.boolean().meta({ description: 'whether the person was reached' }),
  },
  example: { channel: 'phone', reached: false },
  roles: [...CASE_WORK, 'coordinator', 'movement_officer', 'duty_supervisor'],
  sentence: 'command.journey.recordContactAttempt',
  effect: (_state, { channel, reached }) => [{ type: 'contactAttempted', data: { channel, reached } }],
});

type Proposed = Extract<JourneyEvent, { type: 'endingProposed' }>['data'];

/** The event by which a member of staff proposes an ending. */
export const proposal = (
  ending: Ending,
  actor: { id: string; role: Role },
  more: Pick<Proposed, 'authority' | 'partnerId'> = {},
): { type: 'endingProposed'; data: Proposed } => ({
  type: 'endingProposed',
  data: { ending, by: actor.id, protection: isProtection(actor), ...more },
});

const PROPOSE: readonly Role[] = [...PROTECTION_ROLES, 'operation_lead', 'coordinator'];

export const endJourney = defineCommand({
  name: 'endJourney',
  args: {
    ending: z
      .enum(['ineligible', 'referred_out', 'self_departed', 'lost_contact'])
      .meta({ description: 'why it ends' }),
  },
  example: { ending: 'referred_out' },
  roles: PROPOSE,
  reason: true,
  sentence: 'command.journey.endJourney',
  refusal: (state, { ending }) =>
    proposalRefusal(state) ?? (ending === 'lost_contact' ? lostContactLacks(state.contactAttempts) : undefined),
  effect: (_state, { ending }, { actor }) => [proposal(ending, actor)],
});

export const handOver = defineCommand({
  name: 'handOver',
  args: {
    authority: z
      .enum(AUTHORITIES)
      .meta({ description: 'the authority that takes over; its reference stands in the note' }),
    partnerId: id('partner').optional(),
  },
  example: { authority: 'unhcr' },
  roles: PROPOSE,
  reason: true,
  sentence: 'command.journey.handOver',
  refusal: (state) => proposalRefusal(state),
  effect: (_state, { authority, partnerId }, { actor }) => [
    proposal('handed_over', actor, { authority, ...(partnerId === undefined ? {} : { partnerId }) }),
  ],
});

const CONFIRM: readonly Role[] = [...PROTECTION_ROLES, 'case_worker', 'duty_supervisor', 'operation_lead'];

const PROPOSED = { ending: z.enum(ENDINGS).meta({ description: 'the ending that is proposed' }) };
const proposed = ({ proposedEnding }: JourneyState): { ending: Ending } => ({
  ending: proposedEnding?.ending ?? 'withdrawn',
});

export const confirmEnding = defineCommand({
  name: 'confirmEnding',
  args: PROPOSED,
  example: { ending: 'referred_out' },
  roles: CONFIRM,
  sentence: 'command.journey.confirmEnding',
  plausible: proposed,
  refusal: (state, { ending }, { actor }) => confirmationRefusal(state, ending, actor),
  effect: ({ proposedEnding }, { ending }) => {
    const { authority, partnerId } = proposedEnding ?? {};
    return [
      {
        type: 'journeyEnded',
        data: {
          ending,
          ...(authority === undefined ? {} : { authority }),
          ...(partnerId === undefined ? {} : { partnerId }),
        },
      },
    ];
  },
});

export const rejectEnding = defineCommand({
  name: 'rejectEnding',
  args: PROPOSED,
  example: { ending: 'referred_out' },
  roles: [...CONFIRM, 'coordinator'],
  reason: true,
  sentence: 'command.journey.rejectEnding',
  plausible: proposed,
  refusal: ({ proposedEnding, arrivedAt }, { ending }) => {
    if (proposedEnding?.ending !== ending) return 'This ending is not proposed';
    const own = ending === 'withdrawn' || ending === 'declined';
    return own && arrivedAt === undefined ? 'Only the person takes this back: record their consent' : undefined;
  },
  effect: (_state, { ending }) => [{ type: 'endingRejected', data: { ending } }],
});
