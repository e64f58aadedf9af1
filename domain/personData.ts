import { z } from 'zod';
import type { FieldGroup } from './access.ts';
import { type Column, DOCUMENT_TYPES } from './imports/columns.ts';
import { formatPartialDate } from './imports/dates.ts';
import type { PersonMeaning } from './imports/person.ts';
import type { PersonField } from './requests/fields.ts';
import { versioned } from './versioned.ts';

type Row<Form extends z.ZodType> = {
  /** the stored form, before encryption */
  form: Form;
  /** its value in a row of a list */
  of: (row: PersonMeaning) => z.output<Form>;
  /** the cells of a list that it comes from; whoever reads the field reads them */
  columns: readonly Column[];
  /** whose roles read it (domain/access.ts); null: nobody */
  readers: FieldGroup | null;
  /** its place in the answers of the API, `object.property` inside an object; null: it is never in them */
  api: string | null;
  /** its name in the partner protocol; null: it never leaves the system */
  partner: PersonField | null;
};

/** Frozen, because workflows share their modules and a schema that the worker freezes cannot parse (versioned.ts). */
const field = <Form extends z.ZodType, const Rest extends Omit<Row<Form>, 'form' | 'of'>>(
  form: Form,
  of: Row<Form>['of'],
  rest: Rest,
) => Object.freeze({ form, of, ...rest });

/**
 * Identifying data of a person, encrypted under the person's key as field set `core`. The one table of its fields: a
 * field without a row does not exist, and each row says who reads it and whether it leaves. Its label is the message
 * `field.<name>`. The plain columns of `persons` and `journeys` (nationality, sex, age group, flags) do not identify a person.
 */
const FIELDS = Object.freeze({
  /** as stated; either name may be empty */
  givenNames: field(z.string(), (row) => row.givenNames, {
    columns: ['given_names'],
    readers: 'names',
    api: 'names.given',
    partner: 'given_names',
  }),
  familyName: field(z.string(), (row) => row.familyName, {
    columns: ['family_name'],
    readers: 'names',
    api: 'names.family',
    partner: 'family_name',
  }),
  /** the team's number of the registration */
  personRef: field(z.string(), (row) => row.personRef, {
    columns: ['person_ref'],
    readers: 'names',
    api: 'reference',
    partner: 'reference',
  }),
  /** `1991`, `1991-04` or `1991-04-30`; null if unknown or unusable */
  birthDate: field(z.string().nullable(), ({ birthDate }) => birthDate && formatPartialDate(birthDate), {
    columns: ['date_of_birth', 'dob_precision'],
    readers: 'birth',
    api: 'birth_date',
    partner: 'birth_date',
  }),
  /** E.164 */
  phone: field(z.string().nullable(), (row) => row.phone, {
    columns: ['phone'],
    readers: 'phone',
    api: 'phone',
    partner: null,
  }),
  /** BCP 47 */
  preferredLanguage: field(z.string().nullable(), (row) => row.preferredLanguage, {
    columns: ['preferred_language'],
    readers: 'language',
    api: 'language',
    partner: null,
  }),
  documentType: field(z.enum(DOCUMENT_TYPES).nullable(), (row) => row.document?.type ?? null, {
    columns: ['document_type'],
    readers: 'document',
    api: 'identity_document.type',
    partner: 'document_type',
  }),
  documentNumber: field(z.string().nullable(), (row) => row.document?.number ?? null, {
    columns: ['document_number'],
    readers: 'document',
    api: 'identity_document.number',
    partner: 'document_number',
  }),
  mrz: field(z.object({ line1: z.string(), line2: z.string() }).nullable(), (row) => row.mrz, {
    columns: ['mrz_line1', 'mrz_line2'],
    readers: 'document',
    api: null,
    partner: null,
  }),
  /** name or P-code of a first-level area */
  destination: field(z.string().nullable(), (row) => row.destination, {
    columns: ['destination_admin1'],
    readers: 'phone',
    api: 'destination',
    partner: null,
  }),
});

type Fields = typeof FIELDS;
type Name = keyof Fields;
export type PersonCore = { [N in Name]: z.output<Fields[N]['form']> };

const ROWS = Object.entries(FIELDS) as Array<[Name, Row<z.ZodType>]>;

/** An object whose keys come from the table; the type that stands for it is made of the same rows. */
const objectOf = <T>(entries: ReadonlyArray<readonly [string, unknown]>): T => Object.fromEntries(entries) as T;
const fromRows = <T>(entry: (name: Name, row: Row<z.ZodType>) => Array<readonly [string, unknown]>): T =>
  objectOf(ROWS.flatMap(([name, row]) => entry(name, row)));

export const STORED_PERSON_CORE = versioned({
  name: 'Person data (core)',
  version: 1,
  schema: z.object(fromRows<{ [N in Name]: Fields[N]['form'] }>((name, { form }) => [[name, form]])),
  upgrades: {},
});

/** The core in its stored form, before encryption. */
export const storedPersonCore = (core: PersonCore) => ({ version: STORED_PERSON_CORE.version, ...core });

/** The part of a row of a list that identifies the person. */
export const coreOf = (meaning: PersonMeaning): PersonCore => fromRows((name, { of }) => [[name, of(meaning)]]);

/** The columns of a list that become a field. */
export type FieldColumn = Fields[Name]['columns'][number];

/** Who reads each cell of a list that a field comes from; null: nobody. */
export const COLUMN_READERS: Readonly<Record<FieldColumn, FieldGroup | null>> = fromRows((_, { columns, readers }) =>
  columns.map((column) => [column, readers]),
);

/** What a partner may receive of it, as text; the request says which fields it needs. Unknown ones are left out. */
export const partnerFieldsOf = (core: PersonCore): Partial<Record<PersonField, string>> =>
  fromRows((name, { partner }) => (partner === null || core[name] === null ? [] : [[partner, core[name]]]));

/** What the table says about each field, for the documentation. */
export const FIELD_RULES = ROWS.map(([name, { readers, api, partner }]) => ({ name, readers, api, partner }));

// ---------------------------------------------------------------- in the API

type Path = NonNullable<Fields[Name]['api']>;
type Form<P> = Extract<Fields[Name], { api: P }>['form'];
type Head<P> = P extends `${infer Before}.${string}` ? Before : P & string;
type Tail<P, H extends string> = P extends `${H}.${infer After}` ? After : never;
type Disclosed = {
  [H in Head<Path>]: H extends Path
    ? z.output<Form<H>>
    : { [T in Tail<Path, H>]: T extends string ? z.output<Form<`${H}.${T}`>> : never };
};

/** The properties of an answer that hold these fields, and whose readers read each. */
const PROPERTIES = Map.groupBy(
  ROWS.flatMap(([name, { api, form, readers }]) => {
    const [property = '', inner] = api?.split('.') ?? [];
    return api === null || readers === null ? [] : [{ name, form, readers, property, inner }];
  }),
  ({ property }) => property,
);

/** The fields in the schema of an answer; each is absent for whom it is not disclosed to. */
export const DISCLOSED_SCHEMAS = Object.freeze(
  Object.fromEntries(
    [...PROPERTIES].map(([property, rows]) => {
      const inner = rows.flatMap((row) => (row.inner === undefined ? [] : [[row.inner, row.form] as const]));
      return [property, (inner.length > 0 ? z.object(Object.fromEntries(inner)) : rows[0]?.form)?.optional()];
    }),
  ),
) as Readonly<{ [P in keyof Disclosed]: z.ZodOptional<z.ZodType<Disclosed[P], Disclosed[P]>> }>;

/** The fields in the form of the API, no more than these groups may read. */
export const disclosedFields = (core: PersonCore, groups: readonly FieldGroup[]): Partial<Disclosed> =>
  objectOf(
    [...PROPERTIES].flatMap(([property, rows]) => {
      const read = rows.filter(({ readers }) => groups.includes(readers));
      const inner = read.flatMap((row) => (row.inner === undefined ? [] : [[row.inner, core[row.name]] as const]));
      return read.slice(0, 1).map(({ name }) => [property, inner.length > 0 ? objectOf(inner) : core[name]] as const);
    }),
  );

// ---------------------------------------------------------------- other encrypted data of a person

/** The number of a document that a partner issued, encrypted as field set `document:<id>`. */
export const STORED_DOCUMENT_NUMBER = versioned({
  name: 'Person data (document number)',
  version: 1,
  schema: z.object({ number: z.string() }),
  upgrades: {},
});

export const storedDocumentNumber = (number: string) => ({ version: STORED_DOCUMENT_NUMBER.version, number });

/** A free-text note about a person, encrypted under the person's key. A note about nobody is encrypted as text alone. */
export const STORED_NOTE = versioned({
  name: 'Note',
  version: 1,
  schema: z.object({ text: z.string() }),
  upgrades: {},
});

export const storedNote = (text: string) => ({ version: STORED_NOTE.version, text });
