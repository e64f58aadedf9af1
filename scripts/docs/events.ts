/** docs/events.md: every event of the event log with its data, and every event that partners receive. */
import { z } from 'zod';
import { PAIR_EVENT_DATA } from '../../domain/duplicates/decisions.ts';
import { JOURNEY_EVENT_DATA } from '../../domain/journeys/events.ts';
import { MOVEMENT_EVENT_DATA } from '../../domain/movements/events.ts';
import { OPERATION_EVENT_DATA } from '../../domain/operations/events.ts';
import { EVENTS } from '../../domain/outboxEvents.ts';
import { EVENT_FORMS, SUBJECT_EVENTS } from '../../domain/record.ts';
import { asCode, table } from './markdown.ts';

/** What this page reads of the JSON Schema that zod makes. */
const Property = z.object({
  type: z.string().optional(),
  description: z.string().optional(),
  enum: z.array(z.string()).optional(),
  items: z.object({ type: z.string().optional(), enum: z.array(z.string()).optional() }).optional(),
  additionalProperties: z.union([z.boolean(), z.object({ type: z.string().optional() })]).optional(),
  get properties() {
    return z.record(z.string(), Property).optional();
  },
});
type Property = z.infer<typeof Property>;
const Data = Property.extend({ required: z.array(z.string()).default([]) });

const SUBJECTS = {
  journey: { title: 'Journey', data: JOURNEY_EVENT_DATA, of: "one person's way home in one operation" },
  movement: { title: 'Movement', data: MOVEMENT_EVENT_DATA, of: 'a flight, ship, bus or convoy' },
  operation: { title: 'Operation', data: OPERATION_EVENT_DATA, of: 'one crisis response or return programme' },
  pair: { title: 'Pair of people', data: PAIR_EVENT_DATA, of: 'two registrations that may be one person' },
} as const;

type Schemas = Readonly<Record<string, z.ZodType>>;

export function eventsPage(): string {
  return [
    '# Events',
    '<!-- Written by `npm run docs` from domain/*/events.ts, domain/duplicates/decisions.ts, domain/record.ts and domain/outboxEvents.ts. -->',
    'An event is something that has happened to one subject. The event log keeps it for good. Its data holds ids, codes, counts and instants, and nothing that names a person.',
    'Every event also has these columns in `event_log`: `subject` and `seq` (its place in the order of the subject, without gaps), `type`, `at` (operation time), `recorded_at` (real time), `actor`, `actor_kind` and `role`, `command_id` (the command that caused it), `reason_code`, `note_id`, and `data_version`. Data of an earlier version is upgraded when it is read (`domain/versioned.ts`).',
    'Instants in the data are milliseconds since 1970. An amount is a number of people, seats or households.',
    ...Object.entries(SUBJECTS).flatMap(([subject, { title, data, of }]) => [
      `## ${title}`,
      `The subject is ${of}. It has ${Object.keys(data).length} events.`,
      ...Object.entries<z.ZodType>(data as Schemas).map(([type, schema]) => eventSection(subject, type, schema)),
    ]),
    '## Events for partners',
    'Webhooks and `GET /v1/events` carry these events ([partners.md](partners.md)). Each one follows from events above. Its data has the id of the subject, `sequence`, `position`, and the fields of the last column in `snake_case`.',
    partnerEvents(),
  ]
    .join('\n\n')
    .concat('\n');
}

function eventSection(subject: string, type: string, schema: z.ZodType): string {
  const data = Data.parse(z.toJSONSchema(schema));
  if (data.description === undefined) throw new Error(`Event ${subject}.${type} has no sentence`);
  const version = EVENT_FORMS[subject as keyof typeof EVENT_FORMS].versionOf(type);
  return [
    `### \`${type}\``,
    version === 1 ? data.description : `${data.description} (version ${version})`,
    ...(data.properties === undefined || Object.keys(data.properties).length === 0
      ? []
      : [fields(data.properties, data.required, `${subject}.${type}`)]),
  ].join('\n\n');
}

function fields(properties: Record<string, Property>, required: readonly string[], where: string): string {
  const rows = Object.entries(properties).flatMap(([name, property]): string[][] => {
    if (property.description === undefined) throw new Error(`Field ${name} of event ${where} has no description`);
    const inner = Object.entries(property.properties ?? {}).map(([part, { description = '', ...rest }]) => [
      asCode(`${name}.${part}`),
      typeOf(rest),
      description,
    ]);
    const optional = required.includes(name) ? '' : ', optional';
    return [[asCode(name), `${typeOf(property)}${optional}`, property.description], ...inner];
  });
  return table(['field', 'type', 'meaning'], rows);
}

function typeOf({ type, enum: values, items, additionalProperties }: Omit<Property, 'description'>): string {
  if (values !== undefined) return values.map(asCode).join(', ');
  if (type === 'array') return items?.enum === undefined ? 'list' : `list of ${items.enum.map(asCode).join(', ')}`;
  if (type === 'object') return typeof additionalProperties === 'object' ? 'text by name' : 'object';
  return { string: 'text', number: 'number', boolean: 'true or false' }[type ?? ''] ?? 'any';
}

function partnerEvents(): string {
  const sources = Object.values(SUBJECT_EVENTS)
    .flatMap((definitions) => Object.entries(definitions))
    .flatMap(([name, { effects }]) => (effects?.partnerEvent === undefined ? [] : [{ name, ...effects.partnerEvent }]));
  return table(
    ['event', 'meaning', 'follows from', 'fields'],
    Object.entries(EVENTS).map(([type, sentence]) => {
      const from = sources.filter((source) => source.type === type);
      const carried = new Set<string>(from.flatMap(({ fields }) => fields));
      return [
        asCode(type),
        sentence,
        from.map(({ name }) => asCode(name)).join(', '),
        [...carried].map((field) => asCode(snakeCase(field))).join(', '),
      ];
    }),
  );
}

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
