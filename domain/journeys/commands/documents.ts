import { FIELDS } from '../../fields.ts';
import { DAY } from '../../time.ts';
import { aboard, defineCommand, ON_THE_WAY } from './define.ts';

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
    if (aboard(state)) return ON_THE_WAY;
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
    document.status === 'refused' || document.status === 'expired' ? undefined : 'No document is refused or expired',
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
