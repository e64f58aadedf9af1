-- The data of an event has a version, so that an old event is read as the current form of its type.
alter table event_log add column data_version integer not null default 1;

-- A message of a partner that this build cannot read is set aside whole.
alter table inbox drop constraint inbox_status_check;
alter table inbox add constraint inbox_status_check
  check (status in ('received', 'applied', 'unknown', 'stale', 'refused', 'unreadable'));

create or replace function record_events(batch jsonb) returns jsonb language plpgsql as $$
declare
  v_subject   text := batch ->> 'subject';
  v_kind      text := batch ->> 'subjectKind';
  v_operation text := batch ->> 'operationId';
  v_seq       integer := (batch -> 'projection' ->> 'seq')::integer;
  v_last      integer;
  v_household text;
  v_newest    boolean;
  v_seated    text[] := '{}';
  v_unseating constant text[] := '{holdRaised,consentWithdrawn,consentRefused,journeyEnded,householdChanged,splitOff}';
  event        jsonb;
  stands      event_log%rowtype;
begin
  -- one writer at a time for each subject, also when a lost workflow task is run again elsewhere
  perform pg_advisory_xact_lock(hashtextextended(v_subject, 7));
  select coalesce(max(seq), 0) into v_last from event_log where subject = v_subject;

  for event in select value from jsonb_array_elements(batch -> 'events') loop
    if (event ->> 'seq')::integer <= v_last then
      select * into stands from event_log where subject = v_subject and seq = (event ->> 'seq')::integer;
      if stands.type <> event ->> 'type' or stands.data <> event -> 'data'
         or stands.command_id is distinct from event ->> 'commandId' then
        raise exception 'event_log of % has another event at %', v_subject, event ->> 'seq' using errcode = 'HW001';
      end if;
      -- whoever recorded it first may never have seen which seat was in the way
      if v_kind = 'journey' and event ->> 'type' = any(v_unseating) then
        v_seated := v_seated || seats_of_journey(v_subject);
      end if;
      continue;
    end if;
    if (event ->> 'seq')::integer <> v_last + 1 then
      raise exception 'event_log of % has a gap before %', v_subject, event ->> 'seq' using errcode = 'HW001';
    end if;
    v_last := v_last + 1;
    insert into event_log (subject, seq, operation_id, phase, type, at, actor, actor_kind, role, command_id, reason_code, note_id, data,
                         data_version)
    values (v_subject, v_last, v_operation, event ->> 'phase', event ->> 'type', (event ->> 'at')::timestamptz,
            event -> 'actor' ->> 'id', event -> 'actor' ->> 'kind', event -> 'actor' ->> 'role',
            event ->> 'commandId', event ->> 'reasonCode', event ->> 'noteId', event -> 'data',
            (event ->> 'dataVersion')::integer);

    if v_kind = 'journey' then
      if event ->> 'type' = any(v_unseating) then
        -- the same lock as the claim of a seat: whoever is second sees the other
        select household_id into v_household from journeys where id = v_subject;
        perform 1 from households where id = v_household for update;
        v_seated := v_seated || seats_of_journey(v_subject);
      end if;
      perform record_journey_effect(v_subject, event);
    end if;

    insert into outbox (id, operation_id, subject, seq, type, at, data)
    select e ->> 'id', v_operation, v_subject, v_last, e ->> 'type', (event ->> 'at')::timestamptz, e -> 'data'
      from jsonb_array_elements(coalesce(event -> 'events', '[]')) e
      on conflict do nothing;
    insert into services (id, operation_id, sector_code, kind, person_id, subject, seq, at)
    select s ->> 'id', v_operation, s ->> 'sector', s ->> 'kind',
           (select person_id from journeys where id = v_subject), v_subject, v_last, (event ->> 'at')::timestamptz
      from jsonb_array_elements(coalesce(event -> 'services', '[]')) s
      on conflict do nothing;
  end loop;

  -- a batch that comes late (a workflow task run again) must not put back older waits or an older projection
  v_newest := v_last = v_seq;
  if v_newest then
    perform record_projection(v_kind, v_subject, batch -> 'projection');
    perform record_waits(v_subject, v_operation, batch -> 'waits');
  end if;
  insert into lateness (subject, key, escalation_step, operation_id, seconds)
    select v_subject, r ->> 'key', r ->> 'escalationStep', v_operation,
           extract(epoch from clock_timestamp() - (r ->> 'dueReal')::timestamptz)
      from jsonb_array_elements(coalesce(batch -> 'escalationSteps', '[]')) r;
  perform pg_notify('outbox', '') where exists (select from outbox where subject = v_subject and position is null);
  return jsonb_build_object('seatedOn', to_jsonb(v_seated), 'last', v_last);
end $$;
