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
  refusal: unlessDenied,
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
