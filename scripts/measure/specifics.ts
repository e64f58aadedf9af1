/**
 * What the measuring knows of this build: its folders, addresses, tables and names. Everything else in this folder
 * holds for any build, so a restructuring changes this file alone.
 */

import { SUBJECT_EVENTS } from '../../domain/record.ts';

/** Top-level folders without product code. Every other folder counts, also one that is new. */
export const NOT_PRODUCT = ['bench', 'docs', 'node_modules', 'sandbox', 'tests'];
/** Beginnings of the paths of files that a program writes. */
export const GENERATED = ['adapters/postgres/generated/'];
export const MIGRATIONS = 'prisma/migrations';
/** The names of all events. */
export const EVENT_NAMES = Object.values(SUBJECT_EVENTS).flatMap((definitions) => Object.keys(definitions));

/** The processes whose code is counted; each writes a line that begins with `ready`. */
export const PROCESSES = ['processes/api.ts', 'processes/worker.ts'];

/** The settings of these processes. */
export function settingsOf(given: {
  dataDir: string;
  keyFile: string;
  issuer: { issuer: string; audience: string; tokenType: string };
  apiPort: number;
  databaseUrl: string;
  temporalAddress: string;
}): Record<string, string> {
  return {
    HOMEWARD_DATA: given.dataDir,
    HOMEWARD_LOCAL: 'true',
    HOMEWARD_LOG_LEVEL: 'warn',
    HOMEWARD_KEY_FILE: given.keyFile,
    HOMEWARD_OIDC_ISSUER: given.issuer.issuer,
    HOMEWARD_OIDC_AUDIENCE: given.issuer.audience,
    HOMEWARD_OIDC_TOKEN_TYPE: given.issuer.tokenType,
    HOMEWARD_API_PORT: String(given.apiPort),
    DATABASE_URL: given.databaseUrl,
    TEMPORAL_ADDRESS: given.temporalAddress,
  };
}

const PERSON_FIELDS = ['reference', 'given_names', 'family_name', 'sex', 'birth_date', 'nationality'];

/** The two partners that the scripted case asks: who confirms an identity, and who confirms a nationality. */
export const PARTNERS = {
  registry: { kind: 'registry', purposes: ['registry'], more: {} },
  consulate: { kind: 'consulate', purposes: ['verification'], more: { state: 'VUT' } },
} as const;

/** Calls of the API that put the operation up, and that the ways consist of: role, address, body. */
export const CALLS = {
  partner: (name: keyof typeof PARTNERS, url: string) => ({
    role: 'coordinator',
    path: '/partners',
    body: { kind: PARTNERS[name].kind, name, base_url: url, ...PARTNERS[name].more },
  }),
  operation: (partnerIds: string[]) => ({
    role: 'coordinator',
    path: '/operations',
    body: { kind: 'evacuation', name: 'Measured', country: 'VUT', drill: false, partners: partnerIds },
  }),
  agreement: (name: keyof typeof PARTNERS, partnerId: string, operationId: string) => ({
    role: 'operation_lead',
    path: `/partners/${partnerId}/agreements`,
    body: {
      operation_id: operationId,
      purposes: PARTNERS[name].purposes,
      fields: [...PERSON_FIELDS, 'document_type', 'document_number'],
      reference: `MoU/${name}`,
    },
  }),
  activate: (operationId: string) => ({
    role: 'operation_lead',
    path: `/operations/${operationId}/commands/activate`,
    body: {
      args: {
        government_request_ref: 'REQ/1',
        leads: { protection: 'protection_lead', health: 'health_officer', movement: 'movement_officer' },
      },
    },
  }),
  register: (operationId: string, reference: string) => ({
    role: 'case_worker',
    path: `/operations/${operationId}/households`,
    body: { household_ref: `H-${reference}`, members: [personCells(reference)] },
  }),
  screen: (personId: string) => ({
    role: 'case_worker',
    path: `/people/${personId}/commands/complete-screening`,
    body: { args: { risk: 'none' } },
  }),
  confirmIdentity: (personId: string) => ({
    role: 'case_worker',
    path: `/people/${personId}/commands/confirm-identity`,
    body: {},
  }),
  commitImport: (importId: string) => ({
    role: 'coordinator',
    path: `/imports/${importId}/commands/commit`,
    body: {},
  }),
};

export const UPLOAD = {
  role: 'case_worker',
  path: (operationId: string) => `/operations/${operationId}/imports?reference_date=2026-11-20`,
};

/** The callback of the consulate, and where it is sent. */
export const CALLBACK = {
  path: (partnerId: string) => `/v1/callbacks/${partnerId}`,
  body: (requestId: string, eventId: string, at: string) => ({
    event_id: eventId,
    request_id: requestId,
    type: 'verification.answered',
    occurred_at: at,
    data: { outcome: 'confirmed' },
  }),
};

/** What the ends of the ways are seen by, in the database: one row means that it is done. */
export const SEEN = {
  nationalityRecorded: `select 1 from event_log where subject = $1 and type = 'nationalityConfirmed'`,
  dryRunDone: `select 1 from imports where id = $1 and status = 'checked'`,
  personOfRow: `select 1 from imports where id = $1 and status in ('starting', 'done') and done = 1`,
};

/** The cells of somebody about whom everything may be asked. */
export function personCells(reference: string): Record<string, string> {
  return {
    person_ref: reference,
    relationship_to_head: 'HEAD',
    given_names: `Given${reference}`,
    family_name: `Family${reference}`,
    sex: 'F',
    date_of_birth: '1990-04-12',
    dob_precision: 'day',
    nationality: 'VUT',
    registered_at: '2026-01-02T08:00:00+11:00',
    consent: 'given',
  };
}
