/** The tables by subject, each with one sentence. docs/data-model.md is made of it and of prisma/schema.prisma. */
export const SUBJECTS: ReadonlyArray<{ title: string; tables: Readonly<Record<string, string>> }> = [
  {
    title: 'Operations',
    tables: {
      preparedness_plans: 'A plan written before a crisis, from which an operation can be made.',
      operations: 'One crisis response, return programme or drill.',
      operation_leads: 'Who leads which area of an operation.',
      operation_rules: 'Each version of the rules of an operation: legs, deadlines, follow-ups.',
      operation_phases: 'Whether an area of an operation is before, during or after the crisis.',
      clock_segments: 'How operation time runs against real time, in segments.',
      suspensions: 'From when to when an operation, or a part of it, is suspended.',
      sectors: 'The sectors of assistance that a framework names.',
      operation_sectors: 'Which sectors an operation plans for, and which agency leads them.',
      services: 'A service of a sector that was given, to whom and when.',
      sites: 'A place of an operation, such as a registration or reception site.',
    },
  },
  {
    title: 'People and journeys',
    tables: {
      households: 'The group that travels together; it is seated as a whole or not at all.',
      persons: 'A registered person, with no field that identifies them.',
      person_keys: 'The encryption key of a person, wrapped by a key of the key file; deleting it erases the person.',
      person_data: 'The identifying fields of a person, encrypted under the key of that person.',
      person_search: 'Keyed hashes of names, dates and numbers, by which a person is found.',
      journeys: "One person's way home in one operation: the projection of the journey's events.",
      status_counts: 'How many people of an operation have each status, maintained by a trigger in shards.',
      notes: 'Free text that staff wrote, encrypted; other rows name it by id alone.',
      holds: 'A protection hold: what it blocks, who raised it, and who released it.',
      consents: 'Each version of the consent of a person.',
      documents: 'A travel document that a person holds or that was issued.',
    },
  },
  {
    title: 'Duplicates',
    tables: {
      duplicate_pairs: 'Two registrations that may be one person, why, and what was decided.',
    },
  },
  {
    title: 'Partners',
    tables: {
      partners: 'A registry, consulate, clinic, border authority, carrier or agency, with its encrypted secrets.',
      operation_partners: 'Which partners work for which operation.',
      agreements: 'What a partner may receive in an operation: purposes, fields and event types.',
      requests: 'A request to a partner about a person or a movement, and its outcome.',
      disclosures: 'Which partner was sent which fields of a person, when, and on which consent.',
      inbox: 'A message from a partner, once for each event id, until it is applied.',
    },
  },
  {
    title: 'Webhooks',
    tables: {
      endpoints: 'An address of a partner that receives events.',
      outbox: 'An event for partners, with its gapless position once it is published.',
      deliveries: 'The state of one event for one endpoint.',
      delivery_attempts: 'Each attempt of a delivery, with its HTTP status and duration.',
    },
  },
  {
    title: 'Imports',
    tables: {
      imports: 'A registration list: its status, counts and progress.',
      import_chunks: 'The raw file of a list in encrypted pieces.',
      import_keys: 'The encryption key of a list, wrapped by a key of the key file.',
      import_rows: 'A row of a list: verdict, codes, what was read from it, and the person registered from it.',
      import_readings: 'How somebody said that the file is to be read, for each round.',
      import_cells: 'The cells of the rows as they came, encrypted.',
      import_corrections: 'Which row of a corrected file replaces which row of the list.',
      list_headings: 'Which column a heading stands for, remembered for the next lists of the same source.',
    },
  },
  {
    title: 'Movements',
    tables: {
      movements: "A flight, ship, bus or convoy: the projection of the movement's events, and its capacity.",
      movement_clearances: 'The clearances that a movement needs before it boards.',
      seats: 'The reservation of one person on one movement, up to boarding and arrival.',
      manifests: 'A locked version of the list of who is to be on board.',
      manifest_entries: 'A person on a version of a manifest.',
      allocation_refusals: 'Why a household was not seated on a movement.',
      refused_scans: 'A scan at the gate that was refused, and why.',
    },
  },
  {
    title: 'Events, waits and tasks',
    tables: {
      event_log: 'Every event of every subject, append-only ([events.md](events.md)).',
      waits: 'What a subject waits for, from whom, since when, and when it is due.',
      tasks: 'A decision that waits for a role.',
      lateness: 'How many seconds after its moment an escalation step was recorded.',
      alarms: 'Something that went wrong and needs a person.',
      pending_starts: 'A workflow that must be started, written in the transaction that needs it.',
      idempotency_keys: 'The answer to a request under its Idempotency-Key.',
      access_log: 'Which fields of a person or of an imported list a member of staff saw, when, and for which purpose.',
    },
  },
];
