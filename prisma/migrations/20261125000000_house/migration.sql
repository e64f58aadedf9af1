-- The system of Homeward. One event, one door: workflows are the only writers of their subject and write through
-- record_events(); intake and claims write rows that precede events. Identifying data stands in person_data as
-- ciphertext and nowhere else. Times: *_at of a event, wait or deadline is operation time (the operation's clock);
-- columns named recorded_at, created_at, received_at, sent_at, next_attempt_at are real time.

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

-- The 15 sectors are versioned reference data: MCOF's list has been revised before (domain.md 1).
create table sectors (
  set_code text not null,
  number   integer not null,
  code     text not null,
  name     text not null,
  primary key (set_code, code),
  unique (set_code, number)
);

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
  -- vulnerable first, else in order of request (domain.md 2.1): lower is earlier
  priority      integer not null default 100,
  requested_at  timestamptz not null,
  head_nationality text,
  split_from    text references households (id),
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
  erased_at   timestamptz
);

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

create table person_search (
  person_id text not null references persons (id) on delete cascade,
  kind      text not null,
  key       text not null,
  primary key (person_id, kind, key)
);
create index person_search_by_key on person_search (kind, key);

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

-- Maintained counts, spread over shards so that journeys recording at once do not queue for one row.
create table status_counts (
  operation_id text not null,
  status        text not null,
  shard        integer not null,
  people       integer not null,
  primary key (operation_id, status, shard)
);

create function count_status() returns trigger language plpgsql as $$
declare piece integer;
begin
  if tg_op = 'UPDATE' and old.status = new.status then return null; end if;
  piece := abs(hashtext(new.id)) % 16;
  if tg_op = 'UPDATE' then
    insert into status_counts values (old.operation_id, old.status, piece, -1)
      on conflict (operation_id, status, shard) do update set people = status_counts.people - 1;
  end if;
  insert into status_counts values (new.operation_id, new.status, piece, 1)
    on conflict (operation_id, status, shard) do update set people = status_counts.people + 1;
  return null;
end $$;
create trigger journeys_count_status after insert or update of status on journeys
  for each row execute function count_status();

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
                       'CONSENT_DOUBT', 'MEDICAL', 'DETENTION', 'SECURITY', 'DATA_DISPUTE')),
  -- a hold blocks from the moment its row stands, before its workflow has confirmed it
  status             text not null default 'raising' check (status in ('raising', 'active', 'released', 'void')),
  blocks_disclosure  boolean not null,
  blocks_seat        boolean not null,
  blocks_boarding    boolean not null,
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

-- The ledger: who was sent or shown which fields, when, on which consent. Written before the call.
create table disclosures (
  id              text primary key,
  person_id       text not null references persons (id),
  journey_id      text references journeys (id),
  kind            text not null check (kind in ('sent', 'shown')),
  partner_id      text references partners (id),
  principal       text,
  request_id      text,
  purpose         text not null,
  fields          text[] not null,
  consent_version integer,
  agreement_id    text references agreements (id),
  at              timestamptz not null,
  recorded_at     timestamptz not null default now(),
  check ((kind = 'sent') = (partner_id is not null))
);
create index disclosures_by_person on disclosures (person_id, recorded_at);

create table partner_outages (
  id         text primary key,
  partner_id text not null references partners (id),
  from_at    timestamptz not null,
  until_at   timestamptz
);

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
  status       text not null default 'received' check (status in ('received', 'applied', 'unknown', 'stale', 'refused')),
  applied_at   timestamptz,
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
  found          jsonb,
  override       jsonb,
  mapping        jsonb,
  reference_date date not null,
  bytes          bigint not null default 0,
  counts         jsonb,
  total          integer,
  done           integer not null default 0,
  failed         integer not null default 0,
  cursor         integer not null default 0,
  continues      text references imports (id),
  created_by     text not null,
  created_at     timestamptz not null default now(),
  started_at     timestamptz,
  finished_at    timestamptz
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
  committed_at timestamptz,
  primary key (import_id, row)
);
create index import_rows_by_household on import_rows (import_id, household);

create table duplicate_pairs (
  id           text primary key,
  operation_id text references operations (id),
  person_a     text not null references persons (id),
  person_b     text not null references persons (id),
  score        integer not null,
  reasons      jsonb not null,
  status       text not null default 'suspected' check (status in ('suspected', 'asked', 'distinct', 'same')),
  decided_by   text,
  decided_at   timestamptz,
  note_id      text,
  created_at   timestamptz not null default now(),
  check (person_a < person_b),
  unique (person_a, person_b)
);

-- ---------------------------------------------------------------- movements

create table movements (
  id                     text primary key,
  operation_id           text not null references operations (id),
  reference              text not null,
  leg                  text not null,
  mode                   text not null check (mode in ('flight', 'ship', 'bus', 'convoy')),
  carrier_id             text references partners (id),
  origin                 jsonb not null,
  destination            jsonb not null,
  stops                   jsonb not null,
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
  updated_at             timestamptz not null default now(),
  unique (operation_id, reference),
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
                 ('reserved', 'checked_in', 'boarded', 'departed', 'arrived', 'released', 'no_show', 'denied', 'offloaded')),
  alight_at    text,
  reason_code  text,
  reserved_at   timestamptz not null,
  updated_at   timestamptz not null default now()
);
-- nobody has two active seats
create unique index seats_one_active on seats (person_id) where status in ('reserved', 'checked_in', 'boarded', 'departed');
create index seats_by_movement on seats (movement_id, household_id);
create index seats_by_household on seats (household_id) where status in ('reserved', 'checked_in', 'boarded', 'departed');

-- Seats are counted by the database itself, so that capacity holds whoever claims.
create function count_seat() returns trigger language plpgsql as $$
declare
  was integer := 0;
  is_now integer := 0;
  k text; m text; delta integer;
begin
  if tg_op <> 'INSERT' and old.status in ('reserved', 'checked_in', 'boarded', 'departed', 'arrived') then was := 1; end if;
  if tg_op <> 'DELETE' and new.status in ('reserved', 'checked_in', 'boarded', 'departed', 'arrived') then is_now := 1; end if;
  delta := is_now - was;
  if delta = 0 then return null; end if;
  k := case when tg_op = 'DELETE' then old.kind else new.kind end;
  m := case when tg_op = 'DELETE' then old.movement_id else new.movement_id end;
  update movements set
    seats_taken = seats_taken + delta * (case k when 'seat' then 1 when 'wheelchair' then 1 when 'stretcher' then stretcher_seats else 0 end),
    infants_taken = infants_taken + case k when 'infant_lap' then delta else 0 end,
    stretchers_taken = stretchers_taken + case k when 'stretcher' then delta else 0 end,
    wheelchairs_taken = wheelchairs_taken + case k when 'wheelchair' then delta else 0 end,
    over_capacity = over_capacity and not (
      seats_taken + delta * (case k when 'seat' then 1 when 'wheelchair' then 1 when 'stretcher' then stretcher_seats else 0 end) <= seat_capacity
      and infants_taken + case k when 'infant_lap' then delta else 0 end <= infant_capacity
      and stretchers_taken + case k when 'stretcher' then delta else 0 end <= stretcher_capacity
      and wheelchairs_taken + case k when 'wheelchair' then delta else 0 end <= wheelchair_capacity)
  where id = m;
  return null;
end $$;
create trigger seats_count after insert or update of status or delete on seats
  for each row execute function count_seat();

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
  phase      text,
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
  primary key (subject, seq)
);
create index journal_by_operation on event_log (operation_id, recorded_at);
create unique index journal_once_per_command on event_log (subject, command_id, type) where command_id is not null;

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% rows are never changed or deleted', tg_table_name using errcode = 'restrict_violation';
end $$;
create trigger journal_append_only before update or delete on event_log for each row execute function refuse_change();
create trigger journal_no_truncate before truncate on event_log for each statement execute function refuse_change();
create trigger disclosures_append_only before update or delete on disclosures for each row execute function refuse_change();
create trigger manifests_entries_fixed before update or delete on manifest_entries for each row execute function refuse_change();

create table waits (
  subject      text not null,
  key          text not null,
  operation_id text not null,
  phase      text,
  whom_kind    text not null check (whom_kind in ('role', 'partner', 'person', 'movement')),
  whom         text not null,
  what         text not null,
  then_what    text not null,
  blocks       boolean not null default true,
  since        timestamptz not null,
  remind_at    timestamptz,
  due          timestamptz,
  escalate_at  timestamptz,
  escalation_step         text not null default 'waiting' check (escalation_step in ('waiting', 'reminded', 'due', 'escalated')),
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
  subject      text not null,
  key          text not null,
  escalation_step         text not null,
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
  settled_at   timestamptz
);

-- Rows commit first; the start is tried at once and the relay starts what is left.
create table pending_starts (
  workflow_id text primary key,
  workflow    text not null,
  task_queue  text not null,
  input       jsonb not null,
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

create table access_log (
  id          text primary key,
  principal   text not null,
  action      text not null,
  subject     text not null,
  purpose     text,
  recorded_at timestamptz not null default now()
);
create trigger access_log_append_only before update or delete on access_log for each row execute function refuse_change();
