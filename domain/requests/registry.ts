import { z } from 'zod';
import { definePersonRequest } from './definition.ts';

const Found = z.object({ kind: z.literal('registry'), outcome: z.enum(['match', 'not_found', 'several']) });

/** A registry says who a person is, in its response. */
export const registry = definePersonRequest({
  kind: 'registry',
  to: 'registry',
  summary: 'Ask the registry who this is',
  settles: 'identity',
  fields: {
    required: ['reference', 'given_names', 'family_name'],
    helpful: ['sex', 'birth_date', 'document_type', 'document_number'],
  },
  phase: 'identify',
  waits: {
    answer: { key: 'identity', what: 'registryAnswer' },
    decision: { key: 'identity', what: 'identityDecision' },
  },
  decides: 'case_worker',
  answer: Found,
  callbacks: {},
  atOnce: { required: true, read: ({ outcome }) => Found.safeParse({ kind: 'registry', outcome }).data },
  // A case worker may confirm an identity as well, so its events and its state are the journey's own.
  journey: null,
});
