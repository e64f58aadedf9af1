import { z } from 'zod';
import { FIELDS } from '../../fields.ts';
import { DAY } from '../../time.ts';
import { isOnBoard } from '../statuses.ts';
import { defineCommand, ON_THE_WAY } from './define.ts';

export const recordDocument = defineCommand({
  name: 'recordDocument',
  args: {
    kind: FIELDS.code.meta({ description: 'code of the kind of document' }),
    validUntil: FIELDS.lastDay,
    issuedBy: FIELDS.country.optional(),
  },
  example: { kind: 'passport', validUntil: '2031-05-01', issuedBy: 'VUT' },
  roles: ['consular_officer', 'case_worker'],
  sentence: 'command.journey.recordDocument',
  makes: 'document',
  prepare: ({ kind, validUntil, issuedBy }) => ({ what: 'storeDocument', kind, validUntil, issuedBy }),
  staysBehind: ['kind', 'issuedBy'],
  plausible: (_state, at) => ({ validUntil: at + DAY }),
  refusal: (state, { validUntil }, { at }) => {
    if (isOnBoard(state)) return ON_THE_WAY;
    return validUntil > at ? undefined : 'The document has expired';
  },
  effect: (_state, { documentId, validUntil }) => [{ type: 'documentHeld', data: { documentId, validUntil } }],
});

export const requestDocumentAgain = defineCommand({
  name: 'requestDocumentAgain',
  args: {},
  roles: ['consular_officer'],
  sentence: 'command.journey.requestDocumentAgain',
  refusal: ({ document }) =>
    ['refused', 'expired'].includes(document.status) ? undefined : 'No document is refused or expired',
  effect: () => [{ type: 'documentDecided', data: {} }],
});

export const requestExitPermitAgain = defineCommand({
  name: 'requestExitPermitAgain',
  args: {},
  roles: ['coordinator', 'consular_officer', 'case_worker'],
  sentence: 'command.journey.requestExitPermitAgain',
  refusal: ({ exitPermit }) => (exitPermit.status === 'refused' ? undefined : 'No permit has been refused'),
  effect: () => [{ type: 'exitPermitDecided', data: {} }],
});

/** An authority without a system answers on paper; whoever has the paper records it, with its evidence. */
export const recordExitPermit = defineCommand({
  name: 'recordExitPermit',
  args: {
    outcome: z.enum(['granted', 'not_required', 'refused']).meta({ description: 'what it says' }),
    evidence: FIELDS.code.meta({ description: 'code of the paper that says so' }),
  },
  example: { outcome: 'granted', evidence: 'exit_visa' },
  roles: ['coordinator', 'consular_officer'],
  reason: true,
  sentence: 'command.journey.recordExitPermit',
  refusal: ({ exitPermit }) => {
    if (exitPermit.status === 'granted') return 'The permit is already granted';
    return exitPermit.request ? 'The authority has a request; it answers that one' : undefined;
  },
  effect: (_state, { outcome }) => {
    switch (outcome) {
      case 'granted':
        return [{ type: 'exitPermitGranted', data: { fineWaived: false } }];
      case 'not_required':
        return [{ type: 'exitPermitNotRequired', data: {} }];
      case 'refused':
        return [{ type: 'exitPermitRefused', data: {} }];
    }
  },
});
