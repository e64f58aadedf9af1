import { z } from 'zod';
import type { Role } from '../../actor.ts';
import { FIELDS, id } from '../../fields.ts';
import type { JourneyState } from '../state.ts';
import { defineCommand } from './define.ts';

const DECIDERS: readonly Role[] = ['consular_officer', 'protection_lead'];

const unlessDenied = ({ nationality }: JourneyState): string | undefined =>
  ['not_confirmed', 'undetermined', 'retracted'].includes(nationality.status)
    ? undefined
    : 'No consulate has denied the nationality or called it undetermined';

export const provideEvidence = defineCommand({
  name: 'provideEvidence',
  args: { kinds: z.array(FIELDS.code).min(1).max(20).meta({ description: 'codes of the evidence that was sent' }) },
  example: { kinds: ['birth_certificate'] },
  roles: ['consular_officer', 'case_worker'],
  sentence: 'command.journey.provideEvidence',
  refusal: ({ nationality }) =>
    (nationality.request?.requestedEvidence.length ?? 0) > 0 ? undefined : 'The consulate has not requested evidence',
  effect: ({ nationality }, { kinds }) => [
    { type: 'evidenceProvided', data: { requestId: nationality.request?.requestId ?? '', kinds } },
  ],
});

export const requestVerificationAgain = defineCommand({
  name: 'requestVerificationAgain',
  args: {},
  roles: DECIDERS,
  reason: true,
  sentence: 'command.journey.requestVerificationAgain',
  refusal: (state, _args, { rules }) => {
    const { rounds } = state.nationality;
    // Never the same question to the same State again and again: another one is asked, or another way is found.
    if (rules && rounds > rules.evidenceRounds)
      return `It has been requested ${rounds} times, as often as the rules allow; request it of another State`;
    return unlessDenied(state);
  },
  effect: () => [{ type: 'nationalityDecided', data: { decision: 'request_again' } }],
});

export const requestOtherState = defineCommand({
  name: 'requestOtherState',
  args: { partnerId: id('partner').meta({ description: 'the consulate to ask' }) },
  example: { partnerId: 'par_00000000000000000000000000' },
  roles: DECIDERS,
  reason: true,
  sentence: 'command.journey.requestOtherState',
  prepare: ({ partnerId }) => ({ what: 'findConsulate', partnerId }),
  refusal: unlessDenied,
  effect: (_state, { partnerId }) => [
    { type: 'nationalityDecided', data: { decision: 'request_other_state', partnerId } },
  ],
});

/** An office without a system answers on paper; whoever has the paper records it, with its evidence. */
export const recordNationality = defineCommand({
  name: 'recordNationality',
  args: {
    partnerId: id('partner').meta({ description: 'the consulate that has answered' }),
    outcome: z.enum(['confirmed', 'not_confirmed', 'undetermined']).meta({ description: 'what it says' }),
    evidence: FIELDS.code.meta({ description: 'code of the paper that says so' }),
  },
  example: { partnerId: 'par_00000000000000000000000000', outcome: 'confirmed', evidence: 'consular_letter' },
  roles: DECIDERS,
  reason: true,
  sentence: 'command.journey.recordNationality',
  prepare: ({ partnerId }) => ({ what: 'findConsulate', partnerId }),
  refusal: ({ nationality }) => {
    if (nationality.status === 'confirmed') return 'The nationality is already confirmed';
    return nationality.request ? 'The consulate has a request; it answers that one' : undefined;
  },
  effect: (_state, { partnerId, outcome }) =>
    outcome === 'confirmed'
      ? [{ type: 'nationalityConfirmed', data: { partnerId } }]
      : [{ type: 'nationalityNotConfirmed', data: { outcome } }],
});
