import { z } from 'zod';
import { PROTECTION_ROLES } from '../../actor.ts';
import { id } from '../../fields.ts';
import { proposalRefusal } from '../endings.ts';
import { isOnBoard } from '../statuses.ts';
import { CASE_WORK, defineCommand } from './define.ts';
import { proposal } from './ending.ts';

const isSameSet = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((each) => other.includes(each));

export const giveConsent = defineCommand({
  name: 'giveConsent',
  args: {
    form: z.enum(['explicit', 'proxy']).meta({ description: 'proxy: by a guardian' }),
    sharing: z.boolean().meta({ description: 'whether data may be shared with the offices that the way home needs' }),
    ownState: z.boolean().meta({ description: 'whether the State of their nationality may be asked' }),
    consulates: z
      .array(id('partner'))
      .max(20)
      .default([])
      .meta({ description: 'consulates of other States that may be asked' }),
  },
  example: { form: 'explicit', sharing: true, ownState: true },
  roles: CASE_WORK,
  sentence: 'command.journey.giveConsent',
  plausible: ({ consent }) => ({ sharing: !consent.sharing, ownState: !consent.sharing }),
  refusal: (state, { sharing, ownState, consulates }) => {
    if (isOnBoard(state) || state.arrivedAt !== undefined)
      return 'The person is on the way; consent can no longer be given';
    const { consent } = state;
    if (!sharing && (ownState || consulates.length > 0))
      return 'Who agrees that a State is asked agrees to sharing: give `sharing: true`';
    const same = consent.ownState === ownState && isSameSet(consent.consulates, consulates);
    if (consent.status === 'given' && consent.sharing === sharing && same)
      return 'Consent is already given; confirm it again instead';
    return undefined;
  },
  effect: ({ consent }, { form, sharing, ownState, consulates }) => [
    { type: 'consentGiven', data: { version: consent.version + 1, form, sharing, ownState, consulates } },
  ],
});

export const refuseConsent = defineCommand({
  name: 'refuseConsent',
  args: {},
  roles: CASE_WORK,
  sentence: 'command.journey.refuseConsent',
  refusal: (state) =>
    state.consent.status === 'given' ? 'Consent was given; it can be withdrawn' : proposalRefusal(state),
  effect: ({ consent }, _args, { actor }) => [
    { type: 'consentRefused', data: { version: consent.version + 1 } },
    proposal('declined', actor),
  ],
});

export const reconfirmConsent = defineCommand({
  name: 'reconfirmConsent',
  args: {},
  roles: CASE_WORK,
  sentence: 'command.journey.reconfirmConsent',
  refusal: ({ consent }) => (consent.status === 'given' ? undefined : 'There is no consent to confirm'),
  effect: ({ consent }) => [{ type: 'consentReconfirmed', data: { version: consent.version + 1 } }],
});

/**
 * It acts at once: nothing more is shared, open requests are recalled, the seat is free. On board the person is carried
 * to the next stop. Only the ending waits, for a second person.
 */
export const withdrawConsent = defineCommand({
  name: 'withdrawConsent',
  args: {},
  roles: [...PROTECTION_ROLES, 'case_worker', 'movement_officer', 'coordinator', 'duty_supervisor'],
  reason: true,
  sentence: 'command.journey.withdrawConsent',
  refusal: ({ consent, arrivedAt }) => {
    if (consent.status !== 'given' && consent.status !== 'pending') return 'There is no consent to withdraw';
    return arrivedAt === undefined ? undefined : 'The person has arrived; support can be declined at any follow-up';
  },
  effect: (state, _args, { actor }) => {
    const { movementId } = state.travel;
    return [
      { type: 'consentWithdrawn', data: { version: state.consent.version + 1 } },
      ...(isOnBoard(state) && movementId !== undefined
        ? [{ type: 'withdrawalNoted', data: { movementId } } as const]
        : []),
      proposal('withdrawn', actor),
    ];
  },
});
