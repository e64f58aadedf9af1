-- A workflow task that is run again after its events were recorded may hand them over in another order, or without some
-- of them (domain/record.ts, `merged`): record_events says up to where the event_log goes, so that the workflow notices; a event
-- that stands already still names the seat in its way; and no consent is lost because two events claim one version of it.

create function seats_of_journey(p_journey text) returns text[] language sql stable as $$
  select array(select distinct movement_id from seats where journey_id = p_journey and status in ('reserved', 'checked_in'))
$$;

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
    insert into event_log (subject, seq, operation_id, phase, type, at, actor, actor_kind, role, command_id, reason_code, note_id, data)
    values (v_subject, v_last, v_operation, event ->> 'phase', event ->> 'type', (event ->> 'at')::timestamptz,
            event -> 'actor' ->> 'id', event -> 'actor' ->> 'kind', event -> 'actor' ->> 'role',
            event ->> 'commandId', event ->> 'reasonCode', event ->> 'noteId', event -> 'data');

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

-- What a journey's event changes in rows that stand beside the event_log.
create or replace function record_journey_effect(p_journey text, event jsonb) returns void language plpgsql as $$
declare d jsonb := event -> 'data'; t text := event ->> 'type'; moment timestamptz := (event ->> 'at')::timestamptz;
begin
  if t = 'holdRaised' then
    update holds set status = 'active' where id = d ->> 'holdId' and status = 'raising';
  elsif t = 'holdReleased' then
    update holds set status = 'released', released_by = event -> 'actor' ->> 'id', released_at = moment where id = d ->> 'holdId';
  elsif t in ('consentGiven', 'consentRefused', 'consentWithdrawn', 'consentReconfirmed') then
    insert into consents (journey_id, version, status, form, sharing, at, actor, note_id)
    values (p_journey, greatest((d ->> 'version')::integer, (select coalesce(max(version), 0) + 1 from consents where journey_id = p_journey)),
            case t when 'consentGiven' then 'given' when 'consentRefused' then 'refused' when 'consentWithdrawn' then 'withdrawn' else 'reconfirmed' end,
            coalesce(d ->> 'form', 'explicit'), coalesce((d ->> 'sharing')::boolean, false), moment, event -> 'actor' ->> 'id', event ->> 'noteId')
    on conflict do nothing;
  elsif t = 'journeyStarted' and d ->> 'consent' = 'given' then
    insert into consents (journey_id, version, status, form, sharing, at, actor)
    values (p_journey, 1, 'given', 'explicit', true, moment, event -> 'actor' ->> 'id') on conflict do nothing;
  elsif t = 'nationalityConfirmed' then
    update journeys set verified_state = (select state from partners where id = d ->> 'partnerId') where id = p_journey;
  end if;
end $$;

-- Waits are written as they stand now; a wait that is gone, or begins anew, closes its tasks, one that escalated opens the next.
create or replace function record_waits(p_subject text, p_operation text, p_waits jsonb) returns void language plpgsql as $$
begin
  delete from waits where subject = p_subject
    and key not in (select w ->> 'key' from jsonb_array_elements(p_waits) w);
  update tasks set status = 'done', closed_at = now()
    where subject = p_subject and status = 'open' and wait_key is not null
      and id not in (select t ->> 'id' from jsonb_array_elements(p_waits) w, jsonb_array_elements(coalesce(w -> 'tasks', '[]')) t);
  insert into waits (subject, key, operation_id, phase, whom_kind, whom, what, then_what, blocks, since, remind_at, due, escalate_at, escalation_step)
    select p_subject, w ->> 'key', p_operation, w ->> 'phase', w -> 'whom' ->> 'kind', w -> 'whom' ->> 'id', w ->> 'what', w ->> 'then',
           (w ->> 'blocks')::boolean, (w ->> 'since')::timestamptz, (w ->> 'remindAt')::timestamptz, (w ->> 'due')::timestamptz,
           (w ->> 'escalateAt')::timestamptz, w ->> 'escalationStep'
      from jsonb_array_elements(p_waits) w
    on conflict (subject, key) do update set
      phase = excluded.phase, whom_kind = excluded.whom_kind, whom = excluded.whom, what = excluded.what, then_what = excluded.then_what,
      blocks = excluded.blocks, since = excluded.since, remind_at = excluded.remind_at, due = excluded.due,
      escalate_at = excluded.escalate_at, escalation_step = excluded.escalation_step
    where (waits.*) is distinct from (excluded.*);
  insert into tasks (id, operation_id, subject, wait_key, kind, role, opened_at, due)
    select t ->> 'id', p_operation, p_subject, w ->> 'key', w ->> 'what', t ->> 'role', (t ->> 'openedAt')::timestamptz, (w ->> 'due')::timestamptz
      from jsonb_array_elements(p_waits) w, jsonb_array_elements(coalesce(w -> 'tasks', '[]')) t
    on conflict (id) do nothing;
end $$;
