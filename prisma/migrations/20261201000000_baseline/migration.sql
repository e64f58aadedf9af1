-- The whole database of Homeward. Workflows are the only writers of their subject and write through record_events();
-- intake and claims write rows that precede events. Identifying data stands in person_data as ciphertext and nowhere
-- else. Times: *_at of a event, wait or deadline is operation time (the operation's clock); columns named recorded_at,
-- created_at, received_at, sent_at, next_attempt_at are real time.

-- ---------------------------------------------------------------- preparedness and operations

create table preparedness_plans (
  id          text primary key,
  name        text not null,
  scenario    text not null,
  status      text not null default 'draft' check (status in ('draft', 'ready', 'activated', 'retired')),
  -- triggers, routes, sites with capacity, carriers, partners, contacts, agreements: the shape is domain/plan.ts
  document    jsonb not null,
  version     integer not null default 1,
  created_by  text not null,
  created_at  timestamptz not null default now()
);

create table operations (
  id                      text primary key,
  kind                    text not null check (kind in ('evacuation', 'return')),
  drill                   boolean not null default false,
  name                    text not null,
  country                 text not null check (country ~ '^[A-Z]{3}$'),
  status                  text not null default 'draft' check (status in
                            ('draft', 'activated', 'running', 'suspended', 'winding_down', 'closed', 'cancelled')),
  plan_id                 text references preparedness_plans (id),
  government_request_ref  text,
  rules_version           integer not null default 1,
  sector_set              text not null default 'mcof-2012',
  registration_open       boolean not null default true,
  seq                     integer not null default 0,
  created_by              text not null,
  created_at              timestamptz not null default now(),
  starts_at               timestamptz not null,
  check (status in ('draft', 'cancelled') or government_request_ref is not null)
);

create table operation_leads (
  operation_id text not null references operations (id),
  area         text not null check (area in ('protection', 'health', 'movement', 'consular', 'reception')),
  principal    text not null,
  primary key (operation_id, area)
);

create table operation_rules (
  operation_id text not null references operations (id),
  version      integer not null,
  document     jsonb not null,
  decided_by   text not null,
  decided_at   timestamptz not null,
  primary key (operation_id, version)
);

create table clock_segments (
  operation_id        text not null references operations (id),
  position            integer not null,
  from_operation_time timestamptz not null,
  from_real_time      timestamptz not null,
  seconds_per_day     double precision not null check (seconds_per_day > 0),
  primary key (operation_id, position)
);

create table suspensions (
  id           text primary key,
  operation_id text not null references operations (id),
  scope_kind   text not null check (scope_kind in ('all', 'leg', 'site', 'nationality')),
  scope_value  text,
  from_at      timestamptz not null,
  until_at     timestamptz,
  reason_code  text not null,
  check (until_at is null or until_at >= from_at),
  check ((scope_kind = 'all') = (scope_value is null))
);
create index suspensions_by_operation on suspensions (operation_id, from_at);

create table operation_phases (
  operation_id text not null references operations (id),
  area         text not null,
  phase        text not null check (phase in ('before', 'during', 'after')),
  primary key (operation_id, area)
);

-- The 15 sectors are versioned reference data: MCOF's list has been revised before.
create table sectors (
  set_code text not null,
  number   integer not null,
  code     text not null,
  name     text not null,
  primary key (set_code, code),
  unique (set_code, number)
);
-- The 15 sectors of MCOF as of 2012 (IOM Council MC/2355), from domain/services.ts; a later list becomes another set.
insert into sectors (set_code, number, code, name) values
  ('mcof-2012', 1, 'camp_management', 'Camp management and displacement tracking'),
  ('mcof-2012', 2, 'shelter_nfi', 'Shelter and non-food items'),
  ('mcof-2012', 3, 'transport', 'Transport assistance'),
  ('mcof-2012', 4, 'health', 'Health support'),
  ('mcof-2012', 5, 'psychosocial', 'Psychosocial support'),
  ('mcof-2012', 6, 'reintegration', '(Re)integration assistance'),
  ('mcof-2012', 7, 'community_stabilization', 'Community stabilization and transition'),
  ('mcof-2012', 8, 'disaster_risk_reduction', 'Disaster risk reduction and resilience'),
  ('mcof-2012', 9, 'land_property', 'Land and property support'),
  ('mcof-2012', 10, 'counter_trafficking', 'Counter-trafficking and protection of vulnerable migrants'),
  ('mcof-2012', 11, 'border_management', 'Humanitarian border management'),
  ('mcof-2012', 12, 'consular', 'Emergency consular assistance'),
  ('mcof-2012', 13, 'diaspora', 'Diaspora and human-resource mobilization'),
  ('mcof-2012', 14, 'policy', 'Migration policy and legislation support'),
  ('mcof-2012', 15, 'communications', 'Humanitarian communications');

create table operation_sectors (
  operation_id text not null references operations (id),
  set_code     text not null,
  sector_code  text not null,
  lead_agency  text,
  cluster      text,
  planned      integer not null default 0 check (planned >= 0),
  primary key (operation_id, sector_code),
  foreign key (set_code, sector_code) references sectors (set_code, code)
);

create table sites (
  id           text primary key,
  operation_id text not null references operations (id),
  name         text not null,
  purpose      text not null default 'registration' check (purpose in ('registration', 'transit', 'embarkation', 'reception')),
  capacity     integer check (capacity >= 0),
  unique (operation_id, name)
);

-- ---------------------------------------------------------------- people

create table households (
  id            text primary key,
  operation_id  text not null references operations (id),
  reference     text not null,
  site          text,
  -- vulnerable first, else in order of request: lower is earlier
  priority      integer not null default 100,
  requested_at  timestamptz not null,
  head_nationality text,
  split_from    text references households (id),
  -- members whose rows were rejected: none of them is an adult of the household
  not_registered      integer not null default 0,
  -- as the household was last judged (domain/households), and how often it has changed: holds derive from the version
  composition         text,
  composition_version integer not null default 1,
  seq           integer not null default 0,
  import_id     text,
  created_at    timestamptz not null default now()
);
create unique index households_by_reference on households (operation_id, coalesce(import_id, id), reference);
create index households_by_operation on households (operation_id, priority, requested_at, id);

create table persons (
  id          text primary key,
  nationality text not null,
  sex         text not null check (sex in ('F', 'M', 'X')),
  -- reckoned at intake on the operation's reference date; a birth date too vague to tell counts as the younger
  traveller   text not null check (traveller in ('adult', 'child', 'infant')),
  created_at  timestamptz not null default now(),
  erased_at   timestamptz,
  compared_at timestamptz
);
-- People who are registered and not compared yet. The duplicate matcher takes them in order.
create index persons_to_compare on persons (created_at, id) where compared_at is null;

-- One key for each person, wrapped by a key from outside the database: deleting the row erases the person.
create table person_keys (
  person_id   text primary key references persons (id),
  kek_id      text not null,
  wrapped_key bytea not null
);

create table person_data (
  person_id  text not null references persons (id),
  field_set  text not null,
  key_id     text not null,
  encrypted     bytea not null,
  updated_at timestamptz not null default now(),
  primary key (person_id, field_set)
);

-- Looked up by key alone, so the key comes first; the second index is for erasing a person. `seen`: how exactly a word
-- of a name is seen, to tell Mohammed from Ahmed, who share a broad sound: 32 bits of an HMAC, 0 where several words of
-- a name share the sound. Read with the key by the index alone.
create table person_search (
  -- whoever's key is gone is erased: nothing by which they were found may stay
  person_id text not null references person_keys (person_id) on delete cascade,
  kind      text not null,
  key       text not null,
  seen     integer,
  primary key (kind, key, person_id) include (seen)
);
create index person_search_by_person on person_search (person_id);

create table journeys (
  id                   text primary key,
  person_id            text not null references persons (id),
  operation_id         text not null references operations (id),
  household_id         text not null references households (id),
  relationship         text not null,
  is_head              boolean not null default false,
  registered_at        timestamptz not null,
  import_id            text,
  import_row           integer,
  protection           text[] not null default '{}',
  -- projection of the workflow's state, newest sequence wins
  seq                  integer not null default 0,
  phase              text not null default 'identify',
  status                text not null default 'registered',
  status_since          timestamptz not null,
  ending               text,
  ended_at             timestamptz,
  household_open       boolean not null default false,
  identity             text not null default 'unknown',
  screening            text not null default 'open',
  consent              text not null default 'none',
  consent_version      integer not null default 0,
  consent_confirmed_at timestamptz,
  consent_sharing      boolean not null default false,
  consent_own_state    boolean not null default false,
  consent_consulates   text[] not null default '{}',
  -- whether they lack nothing but, at most, a finding of fitness for the next leg
  lacks_only_health    boolean not null default false,
  nationality_status   text not null default 'open',
  verified_state       text,
  document             text not null default 'none',
  document_valid_until timestamptz,
  exit_permit          text not null default 'open',
  fitness              text not null default 'unknown',
  fitness_until        timestamptz,
  fitness_conditions   text[] not null default '{}',
  travel               text not null default 'none',
  next_leg         text,
  movement_id          text,
  route                text[] not null default '{}',
  route_decided        boolean not null default true,
  route_done           text[] not null default '{}',
  arrived_at           timestamptz,
  updated_at           timestamptz not null default now()
);
create unique index journeys_one_open on journeys (person_id) where ending is null;
create index journeys_by_operation on journeys (operation_id, status, id);
create index journeys_by_household on journeys (household_id);
create unique index journeys_by_import_row on journeys (import_id, import_row) where import_id is not null;
-- A person's journeys, ended ones too: asked for by each look at a person, by each search and by each comparison.
create index journeys_by_person on journeys (person_id);

-- Maintained counts, spread over shards so that journeys recording at once do not queue for one row.
create table status_counts (
  operation_id text not null,
  status        text not null,
  shard        integer not null,
  people       integer not null,
  primary key (operation_id, status, shard)
);

-- In the order of the counters, so that two that change status at once never wait for each other in a circle.
create function count_status() returns trigger language plpgsql as $$
begin
  insert into status_counts (operation_id, status, shard, people)
    select operation_id, status, abs(hashtext(new.id)) % 16, people
      from (values (old.operation_id, old.status, -1), (new.operation_id, new.status, 1)) c (operation_id, status, people)
     order by 1, 2
    on conflict (operation_id, status, shard) do update set people = status_counts.people + excluded.people;
  return null;
end $$;
create trigger journeys_count_status after update of status on journeys
  for each row when (old.status <> new.status) execute function count_status();

-- Journeys are registered by the thousand: their statuses are counted once for each statement, in the order of the counters,
-- so that two lists that come in at once never wait for each other in a circle. A later change of status stays counted
-- row by row.
create function count_new_journeys() returns trigger language plpgsql as $$
begin
  insert into status_counts (operation_id, status, shard, people)
    select operation_id, status, abs(hashtext(id)) % 16, count(*)
      from fresh group by 1, 2, 3 order by 1, 2, 3
    on conflict (operation_id, status, shard) do update set people = status_counts.people + excluded.people;
  return null;
end $$;
create trigger journeys_count_new after insert on journeys
  referencing new table as fresh for each statement execute function count_new_journeys();

create table notes (
  id         text primary key,
  subject    text not null,
  person_id  text references persons (id),
  author     text not null,
  -- protection notes are read by protection roles only
  restricted boolean not null default false,
  encrypted     bytea not null,
  key_id     text not null,
  created_at timestamptz not null default now()
);
create index notes_by_subject on notes (subject);

create table holds (
  id                 text primary key,
  journey_id         text not null references journeys (id),
  operation_id       text not null references operations (id),
  type               text not null check (type in ('UASC', 'BEST_INTERESTS', 'TRAFFICKING', 'ASYLUM', 'CUSTODY',
                       'PROTECTION_CONCERN', 'CONSENT_DOUBT', 'DETENTION', 'SECURITY', 'DATA_DISPUTE')),
  -- a hold of any kind blocks disclosure, seat and boarding from the moment its row stands, before its workflow has confirmed it
  status             text not null default 'raising' check (status in ('raising', 'active', 'released', 'void')),
  reason_note_id     text,
  raised_by          text not null,
  raised_at          timestamptz not null,
  first_approval_by  text,
  released_by        text,
  released_at        timestamptz,
  release_reference  text,
  check (first_approval_by is null or released_by is null or first_approval_by <> released_by)
);
create index holds_by_journey on holds (journey_id) where status in ('raising', 'active');

create table consents (
  journey_id text not null references journeys (id),
  version    integer not null,
  status     text not null check (status in ('given', 'refused', 'withdrawn', 'reconfirmed')),
  form       text not null check (form in ('explicit', 'proxy')),
  sharing    boolean not null,
  own_state  boolean not null default false,
  consulates text[] not null default '{}',
  at         timestamptz not null,
  actor      text not null,
  note_id    text,
  primary key (journey_id, version)
);

create table documents (
  id           text primary key,
  journey_id   text not null references journeys (id),
  kind         text not null,
  issued_by    text,
  valid_until  timestamptz,
  status       text not null check (status in ('held', 'requested', 'issued', 'collected', 'expired', 'recalled', 'used')),
  request_id   text,
  at           timestamptz not null
);
create index documents_by_journey on documents (journey_id);

-- ---------------------------------------------------------------- partners

create table partners (
  id          text primary key,
  kind        text not null check (kind in ('registry', 'consulate', 'carrier', 'border', 'clinic', 'agency')),
  name        text not null,
  state       text,
  base_url    text,
  status      text not null default 'active' check (status in ('active', 'suspended')),
  -- secrets with which we sign to them and they sign to us, encrypted
  secrets     bytea,
  key_id      text,
  created_by  text not null,
  created_at  timestamptz not null default now()
);
create index partners_by_kind on partners (kind, state);

create table operation_partners (
  operation_id text not null references operations (id),
  partner_id   text not null references partners (id),
  primary key (operation_id, partner_id)
);

-- Who may be notified what, on which written basis. No agreement, no disclosure and no event.
create table agreements (
  id           text primary key,
  partner_id   text not null references partners (id),
  operation_id text not null references operations (id),
  purposes     text[] not null,
  fields       text[] not null,
  event_types  text[] not null default '{}',
  reference    text not null,
  valid_from   timestamptz not null,
  valid_until  timestamptz,
  created_at   timestamptz not null default now()
);
create index agreements_by_partner on agreements (partner_id, operation_id);

create table requests (
  id              text primary key,
  kind            text not null check (kind in ('registry', 'verification', 'document', 'fitness', 'exit_permit', 'booking', 'reception')),
  subject         text not null,
  operation_id    text not null references operations (id),
  partner_id      text not null references partners (id),
  round           integer not null default 1,
  status          text not null default 'intended' check (status in
                    ('intended', 'sent', 'acknowledged', 'answered', 'recalled', 'refused', 'failed')),
  attempts        integer not null default 0,
  last_failure    text,
  requested_at        timestamptz not null,
  sent_at         timestamptz,
  acknowledged_at timestamptz,
  answered_at     timestamptz,
  outcome         jsonb,
  partner_ref     text,
  created_at      timestamptz not null default now(),
  unique (subject, kind, partner_id, round)
);
create index requests_by_partner on requests (partner_id, status);

-- The ledger: which partner was sent which fields of a person, when, on which consent. Written before the call.
create table disclosures (
  id              text primary key,
  person_id       text not null references persons (id),
  journey_id      text not null references journeys (id),
  partner_id      text not null references partners (id),
  request_id      text not null,
  purpose         text not null,
  fields          text[] not null,
  consent_version integer not null,
  agreement_id    text not null references agreements (id),
  at              timestamptz not null,
  recorded_at     timestamptz not null default now()
);
create index disclosures_by_person on disclosures (person_id, recorded_at);

-- Which member of staff was shown which fields, of a person or of the rows of a list. Written before they are shown.
create table access_log (
  id          text primary key,
  principal   text not null,
  purpose     text not null,
  person_id   text references persons (id),
  journey_id  text references journeys (id),
  import_id   text,
  -- which rows of the list were asked for, and how many were shown
  filter      jsonb,
  row_count   integer,
  fields      text[] not null,
  at          timestamptz not null,
  recorded_at timestamptz not null default now(),
  check ((person_id is null) <> (import_id is null)),
  check ((import_id is null) = (row_count is null))
);
create index access_log_by_person on access_log (person_id, recorded_at) where person_id is not null;
create index access_log_by_import on access_log (import_id) where import_id is not null;

create table endpoints (
  id            text primary key,
  partner_id    text not null references partners (id),
  url           text not null,
  event_types   text[] not null,
  status        text not null default 'active' check (status in ('active', 'disabled', 'removed')),
  secrets       bytea not null,
  key_id        text not null,
  failing_since timestamptz,
  created_by    text not null,
  created_at    timestamptz not null default now()
);

create table inbox (
  partner_id   text not null references partners (id),
  event_id     text not null,
  kind         text not null,
  request_id   text,
  subject      text,
  body         jsonb not null,
  occurred_at  timestamptz,
  received_at  timestamptz not null default now(),
  status       text not null default 'received' check (status in ('received', 'applied', 'unknown', 'stale', 'refused',
                 'unreadable')),
  primary key (partner_id, event_id)
);
create index inbox_to_apply on inbox (received_at) where status = 'received';

create table outbox (
  id           text primary key,
  position     bigint unique,
  operation_id text not null,
  subject      text not null,
  seq          integer not null,
  type         text not null,
  at           timestamptz not null,
  data         jsonb not null,
  created_at   timestamptz not null default now(),
  unique (subject, seq, type)
);
create index outbox_unstamped on outbox (created_at) where position is null;
create index outbox_by_operation on outbox (operation_id, position);

create table deliveries (
  outbox_id       text not null references outbox (id),
  endpoint_id     text not null references endpoints (id),
  subject         text not null,
  position        bigint not null,
  status          text not null default 'queued' check (status in ('queued', 'retrying', 'delivered', 'suspended', 'redacted')),
  attempts        integer not null default 0,
  next_attempt_at timestamptz not null default now(),
  redacted_reason text,
  delivered_at    timestamptz,
  primary key (endpoint_id, outbox_id)
);
create index deliveries_open on deliveries (endpoint_id, subject, position) where status in ('queued', 'retrying', 'suspended');

create table delivery_attempts (
  endpoint_id text not null,
  outbox_id   text not null,
  attempt     integer not null,
  sent_at     timestamptz not null,
  took_ms     integer not null,
  http_status integer,
  failure     text,
  primary key (endpoint_id, outbox_id, attempt),
  foreign key (endpoint_id, outbox_id) references deliveries (endpoint_id, outbox_id)
);

-- ---------------------------------------------------------------- intake

create table imports (
  id             text primary key,
  operation_id   text not null references operations (id),
  file_name      text,
  status         text not null default 'uploading' check (status in
                   ('uploading', 'uploaded', 'checking', 'checked', 'committing', 'starting', 'done', 'refused')),
  refusal        jsonb,
  encrypted_found   bytea,
  reference_date date not null,
  bytes          bigint not null default 0,
  counts         jsonb,
  total          integer,
  done           integer not null default 0,
  failed         integer not null default 0,
  cursor         integer not null default 0,
  continues      text references imports (id),
  -- when a corrected file became a part of the list it continues
  joined         timestamptz,
  partner_id     text references partners (id),
  -- which check of the list this is
  round          integer not null default 1,
  -- duplicate candidates found by a dry run: how many rows were compared, and the pairs by row
  met            jsonb,
  created_by     text not null,
  created_at     timestamptz not null default now(),
  started_at     timestamptz,
  finished_at    timestamptz
);
create index imports_continuing on imports (continues) where continues is not null;

-- One key for each import, wrapped like a person's: the uploaded file and its rows are readable only with it, and
-- deleting it (after 30 days, or with the import) makes them unreadable in every copy.
create table import_keys (
  import_id   text primary key references imports (id) on delete cascade,
  kek_id      text not null,
  wrapped_key bytea not null
);

-- The file as it came, encrypted; goes after 30 days.
create table import_chunks (
  import_id text not null references imports (id) on delete cascade,
  number    integer not null,
  encrypted    bytea not null,
  primary key (import_id, number)
);

create table import_rows (
  import_id    text not null references imports (id) on delete cascade,
  row          integer not null,
  line         integer not null,
  verdict      text not null check (verdict in ('accept', 'accept_with_warning', 'reject')),
  codes        jsonb not null,
  child        text not null,
  protection   text[] not null,
  household    text,
  encrypted       bytea not null,
  person_id    text,
  primary key (import_id, row)
);
create index import_rows_by_household on import_rows (import_id, household);
-- Whoever watches a list on its way in is shown its first faults at each look; of a clean list that took reading it whole.
create index import_rows_rejected on import_rows (import_id, row) where verdict = 'reject';

-- What a person said of how a list is to be read, and who said it. The latest row counts. Which order dates are in
-- stands in plain, because it is a decision about people's birth dates; headings and sheets may quote what stood in a
-- file, so they are encrypted under the import's key and go with it.
create table import_readings (
  import_id  text not null references imports (id) on delete cascade,
  round      integer not null,
  date_order jsonb not null default '{}',
  encrypted     bytea,
  overridden_by    text not null,
  overridden_at    timestamptz not null default now(),
  primary key (import_id, round)
);

-- The cells of a list as they came, some rows at a time, for whoever compares or corrections them.
create table import_cells (
  import_id text not null references imports (id) on delete cascade,
  first_row integer not null,
  last_row  integer not null,
  encrypted    bytea not null,
  primary key (import_id, first_row)
);

-- Which row of the list that it continues a row of a corrected file stands for.
create table import_corrections (
  import_id text not null references imports (id) on delete cascade,
  row       integer not null,
  target    integer not null,
  primary key (import_id, row)
);

-- What a heading stands for in the lists of one source: a partner, or an operation's own desks. The heading is an
-- HMAC: a file without headings has a person in its first row. A null column is one that is not taken.
create table list_headings (
  source      text not null,
  heading     text not null,
  column_name text,
  overridden_by     text not null,
  overridden_at     timestamptz not null default now(),
  primary key (source, heading)
);

-- Two people who may be one. The pair belongs to the operations of both; the row is the latest decision, the event_log has
-- them all.
create table duplicate_pairs (
  id           text primary key,
  person_a     text not null references persons (id),
  person_b     text not null references persons (id),
  score        integer not null,
  reasons      jsonb not null,
  status       text not null default 'suspected' check (status in ('suspected', 'awaiting_contact', 'distinct', 'same')),
  decided_by   text,
  decided_at   timestamptz,
  note_id      text,
  created_at   timestamptz not null default now(),
  operation_a  text not null references operations (id),
  operation_b  text not null references operations (id),
  seq          integer not null default 0,
  decided_role text,
  reason_code  text,
  -- the journey that must wait since the two were found to be one person, and the hold that stops it
  held_journey text references journeys (id),
  hold_id      text references holds (id),
  check (person_a < person_b),
  unique (person_a, person_b)
);
create index duplicate_pairs_of_a on duplicate_pairs (operation_a, id);
create index duplicate_pairs_of_b on duplicate_pairs (operation_b, id);
create index duplicate_pairs_by_b on duplicate_pairs (person_b);

-- ---------------------------------------------------------------- movements

create table movements (
  id                     text primary key,
  operation_id           text not null references operations (id),
  reference              text not null,
  leg                    text not null,
  mode                   text not null check (mode in ('flight', 'ship', 'bus', 'convoy')),
  carrier_id             text references partners (id),
  origin                 jsonb not null,
  destination            jsonb not null,
  stops                  jsonb not null,
  departs_at             timestamptz not null,
  arrives_at             timestamptz not null,
  status                 text not null default 'planned' check (status in ('planned', 'contracted', 'cleared', 'boarding',
                           'departed', 'arrived', 'reconciled', 'closed', 'cancelled', 'ABORTED')),
  for_households_of      text[],
  accepts_nationalities  text[],
  leave_at               jsonb not null default '{}',
  replaces_id            text references movements (id),
  seat_capacity          integer not null check (seat_capacity >= 0),
  infant_capacity        integer not null default 0 check (infant_capacity >= 0),
  stretcher_capacity     integer not null default 0 check (stretcher_capacity >= 0),
  stretcher_seats        integer not null default 0 check (stretcher_seats >= 0),
  wheelchair_capacity    integer not null default 0 check (wheelchair_capacity >= 0),
  seats_taken            integer not null default 0 check (seats_taken >= 0),
  infants_taken          integer not null default 0 check (infants_taken >= 0),
  stretchers_taken       integer not null default 0 check (stretchers_taken >= 0),
  wheelchairs_taken      integer not null default 0 check (wheelchairs_taken >= 0),
  -- a smaller vehicle may arrive under seats already given: until the manifest is corrected nobody more is seated and nothing is locked
  over_capacity          boolean not null default false,
  manifest_version       integer not null default 0,
  manifest_status        text not null default 'none' check (manifest_status in ('none', 'draft', 'locked', 'sent', 'final')),
  booking_ref            text,
  seq                    integer not null default 0,
  -- of its stops, and the release of the time-zone table that judged the local times: a later table that reads them
  -- otherwise is notified to people, and moves nothing
  time_zones             jsonb not null default '{}',
  time_zone_table        text,
  updated_at             timestamptz not null default now(),
  unique (operation_id, reference),
  constraint movements_zones_are_judged check ((time_zones = '{}') = (time_zone_table is null)),
  constraint seats_within_capacity check (over_capacity or (seats_taken <= seat_capacity and infants_taken <= infant_capacity
    and stretchers_taken <= stretcher_capacity and wheelchairs_taken <= wheelchair_capacity))
);
create index movements_by_operation on movements (operation_id, departs_at, id);

create table movement_clearances (
  movement_id text not null references movements (id),
  kind        text not null check (kind in ('carrier', 'permit', 'security', 'receiving_state', 'reception')),
  status      text not null default 'open' check (status in ('open', 'given', 'lost', 'not_required')),
  at          timestamptz,
  actor       text,
  primary key (movement_id, kind)
);

create table seats (
  id           text primary key,
  movement_id  text not null references movements (id),
  household_id text not null references households (id),
  journey_id   text not null references journeys (id),
  person_id    text not null references persons (id),
  kind         text not null check (kind in ('seat', 'infant_lap', 'stretcher', 'wheelchair')),
  status       text not null default 'reserved' check (status in
                 ('reserved', 'checked_in', 'boarded', 'departed', 'arrived', 'released', 'no_show', 'denied', 'offloaded',
                  'died')),
  alight_at    text,
  reason_code  text,
  reserved_at   timestamptz not null,
  -- when and through whom it came to stand as it does (operation time), and up to which status its person has been notified:
  -- notifications that are still pending: they survive the end of the process that was about to send them
  status_at    timestamptz,
  status_by    jsonb,
  notified         text,
  updated_at   timestamptz not null default now()
);
-- nobody has two active seats
create unique index seats_one_active on seats (person_id) where status in ('reserved', 'checked_in', 'boarded', 'departed');
create index seats_by_movement on seats (movement_id, household_id);
create index seats_by_household on seats (household_id) where status in ('reserved', 'checked_in', 'boarded', 'departed');
create index seats_to_notify on seats (movement_id) where notified is distinct from status;

-- Seats are counted by the database itself, so that capacity holds whoever claims: also when the kind of a seat
-- changes, because a smaller vehicle has fewer laps and an infant gets a seat.
-- The statuses in which a seat is taken are the arguments of the trigger.
create function count_seat() returns trigger language plpgsql as $$
declare taken record;
begin
  select coalesce(sum(n) filter (where kind in ('seat', 'wheelchair')), 0) as seats,
         coalesce(sum(n) filter (where kind = 'infant_lap'), 0) as infants,
         coalesce(sum(n) filter (where kind = 'stretcher'), 0) as stretchers,
         coalesce(sum(n) filter (where kind = 'wheelchair'), 0) as wheelchairs
    into taken
    from (values (old.kind, old.status, -1), (new.kind, new.status, 1)) s (kind, status, n) where status = any (tg_argv);
  if (taken.seats, taken.infants, taken.stretchers, taken.wheelchairs) = (0, 0, 0, 0) then return null; end if;
  update movements set
    seats_taken = seats_taken + taken.seats + taken.stretchers * stretcher_seats,
    infants_taken = infants_taken + taken.infants,
    stretchers_taken = stretchers_taken + taken.stretchers,
    wheelchairs_taken = wheelchairs_taken + taken.wheelchairs,
    over_capacity = over_capacity and not (
      seats_taken + taken.seats + taken.stretchers * stretcher_seats <= seat_capacity
      and infants_taken + taken.infants <= infant_capacity
      and stretchers_taken + taken.stretchers <= stretcher_capacity
      and wheelchairs_taken + taken.wheelchairs <= wheelchair_capacity)
  where id = coalesce(new.movement_id, old.movement_id);
  return null;
end $$;
create trigger seats_count after insert or update of status, kind or delete on seats
  for each row execute function count_seat('reserved', 'checked_in', 'boarded', 'departed', 'arrived', 'died');

-- Scans that changed nothing because the preconditions, or the manifest, refused them.
create table refused_scans (
  movement_id text not null references movements (id),
  scan_id     text not null,
  journey_id  text not null,
  kind        text not null,
  code        text not null,
  at          timestamptz not null,
  primary key (movement_id, scan_id)
);

create table manifests (
  movement_id text not null references movements (id),
  version     integer not null,
  status      text not null check (status in ('locked', 'sent', 'acked', 'final', 'void')),
  rules_version integer not null,
  locked_by   text not null,
  at          timestamptz not null,
  primary key (movement_id, version)
);

create table manifest_entries (
  movement_id  text not null,
  version      integer not null,
  position     integer not null,
  person_id    text not null references persons (id),
  household_id text not null references households (id),
  kind         text not null,
  primary key (movement_id, version, person_id),
  foreign key (movement_id, version) references manifests (movement_id, version)
);

-- Who was not seated in an allocation, and why: the explainable list (neutral reasons only).
create table allocation_refusals (
  movement_id  text not null references movements (id),
  household_id text not null references households (id),
  reasons      jsonb not null,
  at           timestamptz not null,
  primary key (movement_id, household_id)
);

-- ---------------------------------------------------------------- event_log, waiting, tasks

create table event_log (
  subject      text not null,
  seq          integer not null check (seq > 0),
  operation_id text not null,
  phase        text,
  type         text not null,
  at           timestamptz not null,
  recorded_at  timestamptz not null default now(),
  actor        text not null,
  actor_kind   text not null check (actor_kind in ('staff', 'partner', 'system')),
  role         text,
  command_id   text,
  reason_code  text,
  note_id      text,
  data         jsonb not null,
  -- version of the data's form, so that an old event is read as the current form of its type
  data_version integer not null default 1,
  primary key (subject, seq)
);
create index event_log_by_operation on event_log (operation_id, recorded_at);
create unique index event_log_once_per_command on event_log (subject, command_id, type) where command_id is not null;

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% rows are never changed or deleted', tg_table_name using errcode = 'restrict_violation';
end $$;
create trigger event_log_append_only before update or delete on event_log for each row execute function refuse_change();
create trigger event_log_no_truncate before truncate on event_log for each statement execute function refuse_change();
create trigger disclosures_append_only before update or delete on disclosures for each row execute function refuse_change();
create trigger access_log_append_only before update or delete on access_log for each row execute function refuse_change();
create trigger manifests_entries_fixed before update or delete on manifest_entries for each row execute function refuse_change();

create table waits (
  subject      text not null,
  key          text not null,
  operation_id text not null,
  phase        text,
  whom_kind    text not null check (whom_kind in ('role', 'partner', 'person', 'movement', 'household', 'operation')),
  whom         text not null,
  what         text not null,
  then_what    text not null,
  blocks       boolean not null default true,
  since        timestamptz not null,
  remind_at    timestamptz,
  due          timestamptz,
  escalate_at  timestamptz,
  escalation_step text not null default 'waiting' check (escalation_step in ('waiting', 'reminded', 'due', 'escalated')),
  primary key (subject, key)
);
create index waits_by_operation on waits (operation_id, due);
create index waits_by_whom on waits (whom_kind, whom);

create table tasks (
  id           text primary key,
  operation_id text not null,
  subject      text not null,
  wait_key     text,
  kind         text not null,
  role         text not null,
  -- whoever it has escalated to: it is theirs too, and stays one task
  also_for     text[] not null default '{}',
  opened_at    timestamptz not null,
  due          timestamptz,
  status       text not null default 'open' check (status in ('open', 'done', 'void')),
  closed_at    timestamptz,
  data         jsonb not null default '{}'
);
create index tasks_open on tasks (operation_id, role, due) where status = 'open';
create index tasks_by_subject on tasks (subject, wait_key);

-- How late each wait's escalation_step was recorded, in seconds of real time: the drill prints the worst.
create table lateness (
  id           bigint generated always as identity primary key,
  subject      text not null,
  key          text not null,
  escalation_step text not null,
  operation_id text not null,
  seconds      double precision not null,
  recorded_at  timestamptz not null default now()
);
create index lateness_by_operation on lateness (operation_id, seconds desc);

create table services (
  id           text primary key,
  operation_id text not null references operations (id),
  sector_code  text not null,
  kind         text not null,
  person_id    text references persons (id),
  subject      text not null,
  seq          integer not null,
  at           timestamptz not null,
  unique (subject, seq, sector_code, kind)
);
create index services_by_operation on services (operation_id, sector_code);

create table alarms (
  id           text primary key,
  operation_id text,
  subject      text not null,
  kind         text not null,
  detail       jsonb not null,
  raised_at    timestamptz not null default now(),
  settled_at   timestamptz,
  settled_by   text,
  reason_code  text,
  constraint alarms_settled_by_somebody check ((settled_at is null) = (settled_by is null))
);
create index alarms_open on alarms (raised_at, id) where settled_at is null;

-- Rows commit first; the start is tried at once and the relay starts what is left.
create table pending_starts (
  workflow_id text primary key,
  workflow    text not null,
  task_queue  text not null,
  input       jsonb not null,
  -- it has run and ended before, and was reopened
  again       boolean not null default false,
  attempts    integer not null default 0,
  created_at  timestamptz not null default now(),
  started_at  timestamptz
);
create index pending_starts_open on pending_starts (created_at) where started_at is null;

create table idempotency_keys (
  principal    text not null,
  route        text not null,
  key          text not null,
  request_hash text not null,
  status       integer,
  response     jsonb,
  headers      jsonb,
  created_at   timestamptz not null default now(),
  primary key (principal, route, key)
);

-- A journey that was ended by mistake: who asked first that it goes on. `seq` is the event that ended it.
create table reopenings (
  journey_id  text not null references journeys (id),
  seq         integer not null,
  first_by    text not null,
  reason_code text not null,
  note_id     text,
  at          timestamptz not null,
  primary key (journey_id, seq)
);

-- Commands whose rows stand before they are sent. One without an event is settled by a loop: sent again under its id, or
-- what was made for it is compensated.
create table prepared_commands (
  command_id  text primary key,
  workflow_id text not null,
  subject     text not null,
  name        text not null,
  args        jsonb not null,
  made        text not null check (made in ('hold', 'document', 'household', 'suspension')),
  made_id     text not null,
  actor       text not null,
  role        text not null,
  reason_code text,
  note_id     text,
  prepared_at timestamptz not null default now(),
  tried_at    timestamptz,
  outcome     text check (outcome in ('recorded', 'dropped')),
  settled_at  timestamptz,
  constraint prepared_commands_settled check ((outcome is null) = (settled_at is null))
);
create index prepared_commands_open on prepared_commands (prepared_at) where settled_at is null;

-- ---------------------------------------------------------------- recording
-- Rules are not here: domain/ says which event changes what, and adapters/postgres/eventLog.ts hands it over as rows.

-- Settles the open tasks that the end of a hold settles: those that name the hold, or, where a settlement names a type of
-- hold, those of the household once no hold of that type is left in it.
create function settle_tasks(settlements jsonb) returns void language sql as $$
  update tasks t set status = 'done', closed_at = coalesce(s.at, now())
    from jsonb_to_recordset(settlements) s (hold_id text, kind text, none_left_of text, at timestamptz)
      join holds h on h.id = s.hold_id and h.type = coalesce(s.none_left_of, h.type)
      join journeys j on j.id = h.journey_id
   where t.subject = case when s.none_left_of is null then j.id else j.household_id end
     and t.kind = s.kind and t.status = 'open' and (s.none_left_of is not null or t.data ->> 'holdId' = h.id)
     and not exists (
       select from holds other join journeys member on member.id = other.journey_id
        where member.household_id = j.household_id and other.type = s.none_left_of
          and other.status in ('raising', 'active'))
$$;

-- One of two journeys of one person has ended: the task that asked for it is settled, and where the other one was held
-- back, a task is opened that lets it go on.
create function settle_same_person(p_journey text, p jsonb) returns void language sql as $$
  with pairs as (
    select d.* from journeys e join duplicate_pairs d on e.person_id = d.person_a or e.person_id = d.person_b
     where e.id = p_journey and d.status = 'same'),
  settled as (
    update tasks t set status = 'done', closed_at = (p ->> 'at')::timestamptz
      from pairs where t.id = pairs.id || '.' || (p ->> 'settles') and t.status = 'open')
  insert into tasks (id, operation_id, subject, kind, role, opened_at, data)
    select pairs.id || '.' || (p ->> 'opens'), j.operation_id, j.id, p ->> 'opens', p ->> 'role',
           (p ->> 'at')::timestamptz, jsonb_build_object('pairId', pairs.id, 'holdId', pairs.hold_id)
      from pairs join journeys j on j.id = pairs.held_journey join holds h on h.id = pairs.hold_id
     where j.id <> p_journey and j.ending is null and h.status in ('raising', 'active')
    on conflict (id) do update set status = 'open', closed_at = null
$$;

-- Projections: the keys are column names, and only the newest sequence is written.
create function project_journey(p_subject text, p jsonb) returns void language sql as $$
  update journeys j set seq = n.seq, phase = n.phase, status = n.status,
    status_since = case when j.status = n.status then j.status_since else coalesce((p ->> 'at')::timestamptz, j.status_since) end,
    ending = n.ending, ended_at = n.ended_at, household_id = n.household_id, household_open = n.household_open,
    identity = n.identity, screening = n.screening, consent = n.consent, consent_version = n.consent_version,
    consent_confirmed_at = n.consent_confirmed_at, consent_sharing = n.consent_sharing,
    consent_own_state = n.consent_own_state, consent_consulates = n.consent_consulates,
    lacks_only_health = n.lacks_only_health,
    nationality_status = n.nationality_status, document = n.document, document_valid_until = n.document_valid_until,
    exit_permit = n.exit_permit, fitness = n.fitness, fitness_until = n.fitness_until,
    fitness_conditions = n.fitness_conditions, travel = n.travel, next_leg = n.next_leg,
    movement_id = n.movement_id, route = n.route, route_decided = n.route_decided, route_done = n.route_done,
    arrived_at = n.arrived_at, updated_at = now()
  from jsonb_populate_record((select was from journeys was where was.id = p_subject), p) n
  where j.id = p_subject and j.seq <= n.seq
$$;

create function project_movement(p_subject text, p jsonb) returns void language sql as $$
  update movements m set seq = n.seq, status = n.status, departs_at = n.departs_at, arrives_at = n.arrives_at,
    manifest_version = n.manifest_version, manifest_status = n.manifest_status, booking_ref = n.booking_ref,
    updated_at = now()
  from jsonb_populate_record((select was from movements was where was.id = p_subject), p) n
  where m.id = p_subject and m.seq <= n.seq
$$;

create function project_operation(p_subject text, p jsonb) returns void language sql as $$
  update operations o set seq = n.seq, status = n.status
  from jsonb_populate_record((select was from operations was where was.id = p_subject), p) n
  where o.id = p_subject and o.seq <= n.seq
$$;

-- What the members of a household who still travel wait for of each other (domain/preconditions.ts, `members`).
create function members_of(p_household text, p_subject text) returns jsonb language sql as $$
  select jsonb_build_object('householdId', p_household, 'tell', count(*) filter (where j.id <> p_subject) > 0,
      'unready', coalesce(bool_or(not j.lacks_only_health), false),
      'open', coalesce(bool_or(j.screening <> 'done' or j.consent <> 'given' or exists (
        select from holds h where h.journey_id = j.id and h.status in ('raising', 'active'))), false))
    from journeys j where j.household_id = p_household and j.ending is null and j.arrived_at is null
$$;

-- The subject and then its household, in the order of record_events: whoever judges the household sees every member.
create function lock_household_of(p_subject text) returns text language plpgsql as $$
declare
  v_household text;
begin
  perform pg_advisory_xact_lock(hashtextextended(p_subject, 7));
  select household_id into v_household from journeys where id = p_subject;
  perform from households where id = v_household for update;
  return v_household;
end $$;

-- Waits are written as they stand now; a wait that is gone, or begins anew, closes its tasks, one that escalated opens the
-- next.
create function project_waits(p_subject text, p_operation text, p_waits jsonb, p_tasks jsonb) returns void
language sql as $$
  delete from waits where subject = p_subject and key not in (select w ->> 'key' from jsonb_array_elements(p_waits) w);
  update tasks set status = 'done', closed_at = now()
    where subject = p_subject and status = 'open' and wait_key is not null
      and id not in (select t ->> 'id' from jsonb_array_elements(p_tasks) t);
  insert into waits select * from jsonb_populate_recordset(null::waits, p_waits)
    on conflict (subject, key) do update set
      phase = excluded.phase, whom_kind = excluded.whom_kind, whom = excluded.whom, what = excluded.what,
      then_what = excluded.then_what, blocks = excluded.blocks, since = excluded.since, remind_at = excluded.remind_at,
      due = excluded.due, escalate_at = excluded.escalate_at, escalation_step = excluded.escalation_step
    where (waits.*) is distinct from (excluded.*);
  insert into tasks (id, operation_id, subject, wait_key, kind, role, also_for, opened_at, due)
    select t.id, p_operation, p_subject, t.wait_key, t.kind, t.role, t.also_for, t.opened_at, t.due
      from jsonb_populate_recordset(null::tasks, p_tasks) t
    on conflict (id) do update set status = 'open', closed_at = null, due = excluded.due, also_for = excluded.also_for
    where (tasks.status, tasks.due, tasks.also_for) is distinct from ('open', excluded.due, excluded.also_for)
$$;

-- The one way into the event_log. One call is one transaction: event_log rows, the subject's projection, its waits, their
-- tasks, what the events change in rows that stand beside the event_log, outbox and services. The same sequence with the
-- same content changes nothing; with other content, or with a gap before it, it raises. A workflow task that is run again
-- after its events were recorded may hand them over in another order, or without some of them (domain/record.ts,
-- `merged`): the result says up to where the event_log goes, so that the workflow notices; a event that stands already
-- still names the seat in its way; and no consent is lost because two events claim one version of it.
create function record_events(batch jsonb) returns jsonb language plpgsql as $$
declare
  v_subject   constant text := batch ->> 'subject';
  v_operation constant text := batch ->> 'operation_id';
  v_first     constant integer := batch -> 'events' -> 0 ->> 'seq';
  v_before    integer;
  v_last      integer;
  v_seated    text[];
  v_household text;
  v_members   jsonb;
begin
  -- one writer at a time for each subject, also when a lost workflow task is run again elsewhere
  perform pg_advisory_xact_lock(hashtextextended(v_subject, 7));
  v_before := coalesce((select max(seq) from event_log where subject = v_subject), 0);
  if v_first > v_before + 1 then
    raise exception 'event_log of % has a gap before %', v_subject, v_first using errcode = 'HW001';
  elsif v_first <= v_before then
    perform from jsonb_populate_recordset(null::event_log, batch -> 'events') e join event_log j using (seq)
     where j.subject = v_subject and ((j.type, j.command_id) is distinct from (e.type, e.command_id)
       -- a field that this build has added is no other story
       or (j.data_version = e.data_version and not e.data @> j.data));
    if found then
      raise exception 'event_log of % tells something else from % on', v_subject, v_first using errcode = 'HW001';
    end if;
  end if;
  insert into event_log
      (subject, seq, operation_id, phase, type, at, actor, actor_kind, role, command_id, reason_code, note_id, data,
       data_version)
    select v_subject, seq, v_operation, phase, type, at, actor, actor_kind, role, command_id, reason_code, note_id, data,
           data_version
      from jsonb_populate_recordset(null::event_log, batch -> 'events') where seq > v_before;
  v_last := greatest(v_before, (batch -> 'events' -> -1 ->> 'seq')::integer);

  if batch ? 'seats_to_free' then
    -- the same lock as the claim of a seat: whoever is second sees the other
    perform from households where id = (select household_id from journeys where id = v_subject) for update;
    select array_agg(distinct movement_id) into v_seated from seats
     where journey_id = v_subject and batch -> 'seats_to_free' ? status;
  end if;
  if batch ? 'outbox' then
    insert into outbox (id, operation_id, subject, seq, type, at, data)
      select id, v_operation, v_subject, seq, type, at, data
        from jsonb_populate_recordset(null::outbox, batch -> 'outbox') where seq > v_before on conflict do nothing;
  end if;
  if batch ? 'services' then
    insert into services (id, operation_id, sector_code, kind, person_id, subject, seq, at)
      select s.id, v_operation, s.sector_code, s.kind, j.person_id, v_subject, s.seq, s.at
        from jsonb_populate_recordset(null::services, batch -> 'services') s left join journeys j on j.id = v_subject
       where s.seq > v_before on conflict do nothing;
  end if;
  if batch ? 'consents' then
    insert into consents (journey_id, version, status, form, sharing, own_state, consulates, at, actor, note_id)
      select v_subject, greatest(c.version, coalesce((select max(version) from consents where journey_id = v_subject), 0)
               + row_number() over (order by c.seq)), c.status, c.form, c.sharing, c.own_state, c.consulates, c.at, c.actor, c.note_id
        from jsonb_to_recordset(batch -> 'consents') c (seq integer, version integer, status text, form text,
          sharing boolean, own_state boolean, consulates text[], at timestamptz, actor text, note_id text)
       where c.seq > v_before on conflict do nothing;
  end if;
  if batch ? 'holds' then
    update holds h set status = n.status, released_by = coalesce(n.released_by, h.released_by),
        released_at = coalesce(n.released_at, h.released_at)
      from jsonb_to_recordset(batch -> 'holds') n (seq integer, id text, status text, "from" text[], released_by text,
        released_at timestamptz)
     where h.id = n.id and n.seq > v_before and h.status = any (coalesce(n."from", array[h.status]));
    perform settle_tasks(batch -> 'settlements');
  end if;
  if batch ? 'same_person' then
    perform settle_same_person(v_subject, p) from jsonb_array_elements(batch -> 'same_person') p
     where (p ->> 'seq')::integer > v_before;
  end if;
  if batch ? 'deaths' then
    -- who dies on board stays on the manifest and arrives nowhere; the journey is over, so nothing is left to notify
    update seats s set status = 'died', status_at = d.at, status_by = d.by, notified = 'died', updated_at = now()
      from jsonb_to_recordset(batch -> 'deaths') d (seq integer, at timestamptz, by jsonb)
     where s.journey_id = v_subject and s.status in ('boarded', 'departed') and d.seq > v_before;
  end if;
  if batch ? 'opened' then
    insert into tasks (id, operation_id, subject, kind, role, opened_at)
      select t.id, v_operation, v_subject, t.kind, t.role, t.at
        from jsonb_to_recordset(batch -> 'opened') t (seq integer, id text, kind text, role text, at timestamptz)
       where t.seq > v_before on conflict (id) do nothing;
  end if;
  if batch ? 'states' then
    update journeys set verified_state = (select state from partners where id = batch #>> '{states,0,partner_id}')
     where id = v_subject and (batch #>> '{states,0,seq}')::integer > v_before;
  end if;

  -- a batch that comes late (a workflow task run again) must not put back older waits or an older projection
  if v_last = (batch -> 'projection' ->> 'seq')::integer then
    case batch ->> 'kind'
      when 'journey' then
        -- what the others may wait for: the same lock as theirs, so that the last of two at once sees the other
        select household_id into v_household from journeys
         where id = v_subject and (batch ? 'members'
           or (not lacks_only_health and (batch #>> '{projection,lacks_only_health}')::boolean));
        perform from households where id = v_household for update;
        perform project_journey(v_subject, batch -> 'projection');
        if v_household is not null then v_members := members_of(v_household, v_subject); end if;
      when 'movement' then perform project_movement(v_subject, batch -> 'projection');
      when 'operation' then perform project_operation(v_subject, batch -> 'projection');
      else null;
    end case;
    perform project_waits(v_subject, v_operation, batch -> 'waits', batch -> 'tasks');
  end if;
  if batch ? 'lateness' then
    insert into lateness (subject, key, escalation_step, operation_id, seconds)
      select v_subject, r.key, r.escalation_step, v_operation, extract(epoch from clock_timestamp() - r.due)
        from jsonb_to_recordset(batch -> 'lateness') r (key text, escalation_step text, due timestamptz);
  end if;
  return jsonb_strip_nulls(jsonb_build_object('seatedOn', coalesce(to_jsonb(v_seated), '[]'), 'last', v_last, 'members', v_members));
end $$;

-- ---------------------------------------------------------------- rights
-- API and worker are members of homeward_app (prisma/roles.ts), which owns nothing: it changes rows, not tables, never
-- what is append-only, and it deletes only where something is kept for a time or was taken back.

grant usage on schema public to homeward_app;
grant select, insert, update on all tables in schema public to homeward_app;
alter default privileges in schema public grant select, insert, update on tables to homeward_app;
alter default privileges in schema public grant usage on sequences to homeward_app;
revoke update on event_log, disclosures, access_log, manifest_entries, lateness, services from homeward_app;
revoke insert, update on sectors from homeward_app;
revoke all on _prisma_migrations from homeward_app;
grant delete on
  allocation_refusals, documents, households, idempotency_keys, import_cells, import_chunks, import_keys, import_rows,
  inbox, person_data, person_keys, waits
  to homeward_app;

-- Search keys lead from a name to a person, so their table is under a role of its own. They go with the person's key.
revoke all on person_search from homeward_app;
grant select, insert on person_search to homeward_search;
