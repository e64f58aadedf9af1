-- record_events: the one door to the event_log (design.md 4.5). One call is one transaction: event_log rows, the subject's
-- projection, its waits, their tasks, the effects of events on rows that stand beside the event_log, outbox and services.
-- The same sequence with the same content changes nothing; with other content, or with a gap before it, it raises.

create function record_events(batch jsonb) returns jsonb language plpgsql as $$
declare
  v_subject   text := batch ->> 'subject';
  v_kind      text := batch ->> 'subjectKind';
  v_operation text := batch ->> 'operationId';
  v_seq       integer := (batch -> 'projection' ->> 'seq')::integer;
  v_last      integer;
  v_household text;
  v_newest    boolean;
  v_seated    text[] := '{}';
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
      if event ->> 'type' in ('holdRaised', 'consentWithdrawn', 'consentRefused', 'journeyEnded', 'householdChanged', 'splitOff') then
        -- the same lock as the claim of a seat: whoever is second sees the other
        select household_id into v_household from journeys where id = v_subject;
        perform 1 from households where id = v_household for update;
        v_seated := v_seated || array(select distinct movement_id from seats
          where journey_id = v_subject and status in ('reserved', 'checked_in'));
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
  return jsonb_build_object('seatedOn', to_jsonb(v_seated));
end $$;

-- What a journey's event changes in rows that stand beside the event_log.
create function record_journey_effect(p_journey text, event jsonb) returns void language plpgsql as $$
declare d jsonb := event -> 'data'; t text := event ->> 'type'; moment timestamptz := (event ->> 'at')::timestamptz;
begin
  if t = 'holdRaised' then
    update holds set status = 'active' where id = d ->> 'holdId' and status = 'raising';
  elsif t = 'holdReleased' then
    update holds set status = 'released', released_by = event -> 'actor' ->> 'id', released_at = moment where id = d ->> 'holdId';
  elsif t in ('consentGiven', 'consentRefused', 'consentWithdrawn', 'consentReconfirmed') then
    insert into consents (journey_id, version, status, form, sharing, at, actor, note_id)
    values (p_journey, (d ->> 'version')::integer,
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

-- The projection's keys are column names; only the newest sequence is written.
create function record_projection(p_kind text, p_subject text, p jsonb) returns void language plpgsql as $$
declare n journeys%rowtype;
begin
  if p_kind = 'journey' then
    select * into n from jsonb_populate_record((select j from journeys j where j.id = p_subject), p);
    update journeys set
      seq = n.seq, phase = n.phase, status = n.status,
      status_since = case when journeys.status = n.status then journeys.status_since else coalesce((p ->> 'at')::timestamptz, journeys.status_since) end,
      ending = n.ending, ended_at = n.ended_at, household_id = n.household_id, household_open = n.household_open,
      identity = n.identity, screening = n.screening, consent = n.consent, consent_version = n.consent_version,
      consent_confirmed_at = n.consent_confirmed_at, consent_sharing = n.consent_sharing,
      nationality_status = n.nationality_status, document = n.document, document_valid_until = n.document_valid_until,
      exit_permit = n.exit_permit, fitness = n.fitness, fitness_until = n.fitness_until, fitness_conditions = n.fitness_conditions,
      travel = n.travel, next_leg = n.next_leg, movement_id = n.movement_id,
      route = n.route, route_decided = n.route_decided, route_done = n.route_done, arrived_at = n.arrived_at,
      updated_at = now()
    where id = p_subject and seq <= n.seq;
  elsif p_kind = 'movement' then
    update movements m set
      seq = x.seq, status = x.status, departs_at = x.departs_at, arrives_at = x.arrives_at, manifest_version = x.manifest_version,
      manifest_status = x.manifest_status, booking_ref = x.booking_ref, updated_at = now()
    from (select (jsonb_populate_record(m2, p)).* from movements m2 where m2.id = p_subject) x
    where m.id = p_subject and m.seq <= x.seq;
  elsif p_kind = 'operation' then
    update operations o set seq = x.seq, status = x.status
    from (select (jsonb_populate_record(o2, p)).* from operations o2 where o2.id = p_subject) x
    where o.id = p_subject and o.seq <= x.seq;
  end if;
end $$;

-- Waits are written as they stand now; a wait that is gone closes its tasks, one that escalated opens the next.
create function record_waits(p_subject text, p_operation text, p_waits jsonb) returns void language plpgsql as $$
begin
  delete from waits where subject = p_subject
    and key not in (select w ->> 'key' from jsonb_array_elements(p_waits) w);
  update tasks set status = 'done', closed_at = now()
    where subject = p_subject and status = 'open' and wait_key is not null
      and wait_key not in (select w ->> 'key' from jsonb_array_elements(p_waits) w);
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
