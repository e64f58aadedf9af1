import type { PersonRequestKind } from './protocol.ts';

/** What a partner may be sent of a person, by the name it has in the protocol, in agreements and in the ledger. */
export const PERSON_FIELDS = [
  'reference',
  'given_names',
  'family_name',
  'sex',
  'birth_date',
  'nationality',
  'document_type',
  'document_number',
] as const;

export type PersonField = (typeof PERSON_FIELDS)[number];

/** Fields of one person as text; what is not known is absent. */
export type PersonFields = Partial<Record<PersonField, string>>;

type Needs = { required: readonly PersonField[]; helpful: readonly PersonField[] };

/**
 * Which request needs what: without a required field the partner cannot answer at all, a helpful one makes the answer
 * surer. Nothing else is sent, whatever an agreement would allow. Special needs and protection are never sent: the
 * clinic examines and finds for itself.
 */
export const FIELDS_NEEDED: Record<PersonRequestKind, Needs> = {
  registry: {
    required: ['reference', 'given_names', 'family_name'],
    helpful: ['sex', 'birth_date', 'document_type', 'document_number'],
  },
  verification: {
    required: ['reference', 'given_names', 'family_name'],
    helpful: ['sex', 'birth_date', 'nationality', 'document_type', 'document_number'],
  },
  document: {
    required: ['reference', 'given_names', 'family_name', 'sex', 'nationality'],
    helpful: ['birth_date', 'document_type', 'document_number'],
  },
  fitness: { required: ['reference', 'given_names', 'family_name'], helpful: ['sex', 'birth_date'] },
  exit_permit: {
    required: ['reference', 'given_names', 'family_name'],
    helpful: ['sex', 'birth_date', 'nationality', 'document_type', 'document_number'],
  },
};

/**
 * The fields that may go out for a request: those it needs, as far as the agreement names them. Undefined where the
 * agreement leaves out a required one: then it does not cover this request.
 */
export function fieldsFor(kind: PersonRequestKind, allowed: readonly string[]): PersonField[] | undefined {
  const { required, helpful } = FIELDS_NEEDED[kind];
  if (!required.every((field) => allowed.includes(field))) return undefined;
  return PERSON_FIELDS.filter(
    (field) => required.includes(field) || (helpful.includes(field) && allowed.includes(field)),
  );
}

/** Keeps of a person what `fields` names, and drops what is not known. What is kept is what the ledger lists. */
export function minimised(person: PersonFields, fields: readonly PersonField[]): PersonFields {
  const kept: PersonFields = {};
  for (const field of fields) {
    const value = person[field];
    if (value !== undefined && value !== '') kept[field] = value;
  }
  return kept;
}
