import { type PersonRequestKind, REQUESTS } from './index.ts';

/**
 * What a partner may receive about a person. The names are those of the protocol, the agreements and the disclosure
 * ledger.
 */
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

/**
 * Without a required field the partner cannot answer; a helpful one makes the answer more reliable. No other field is
 * sent, whatever an agreement allows. Special needs and protection data are never sent.
 */
export type FieldsNeeded = { required: readonly PersonField[]; helpful: readonly PersonField[] };

/** Fields of one person as text; an unknown field is absent. */
export type PersonFields = Partial<Record<PersonField, string>>;

/**
 * The fields that a request may send: those it needs, as far as the agreement names them. Undefined where the agreement
 * lacks a required one: then it does not cover this request.
 */
export function fieldsFor(kind: PersonRequestKind, allowed: readonly string[]): PersonField[] | undefined {
  const { required, helpful }: FieldsNeeded = REQUESTS[kind].fields;
  if (!required.every((field) => allowed.includes(field))) return undefined;
  return PERSON_FIELDS.filter(
    (field) => required.includes(field) || (helpful.includes(field) && allowed.includes(field)),
  );
}

/** The person reduced to `fields`, without unknown ones. The disclosure ledger lists exactly these. */
export function minimised(person: PersonFields, fields: readonly PersonField[]): PersonFields {
  const selected: PersonFields = {};
  for (const field of fields) {
    const value = person[field];
    if (value !== undefined && value !== '') selected[field] = value;
  }
  return selected;
}
