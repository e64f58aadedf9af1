import { z } from 'zod';
import { versioned } from './versioned.ts';

/** The inputs of short workflows, and of those that keep nothing in memory. */

const PartnerFeedInput = z.object({ version: z.literal(1), endpointId: z.string() });
/** One for each webhook endpoint of a partner; the relay nudges it. */
export type PartnerFeedInput = z.infer<typeof PartnerFeedInput>;

export const PARTNER_FEED_INPUT = versioned({
  name: 'Input of a feed',
  version: 1,
  schema: PartnerFeedInput,
  upgrades: {},
});

const ImportInput = z.object({
  version: z.literal(1),
  importId: z.string(),
  operationId: z.string(),
  step: z.enum(['check', 'commit']),
});
/** A list on its way in: checked, and committed when somebody says so. */
export type ImportInput = z.infer<typeof ImportInput>;

export const IMPORT_INPUT = versioned({
  name: 'Input of an import',
  version: 1,
  schema: ImportInput,
  upgrades: {},
});

const ChoreInput = z.object({ version: z.literal(1), chore: z.string() });
/** One run of a job that a Temporal Schedule starts. */
export type ChoreInput = z.infer<typeof ChoreInput>;

export const CHORE_INPUT = versioned({
  name: 'Input of a chore',
  version: 1,
  schema: ChoreInput,
  upgrades: {},
});
