-- record_facts: the one door to the journal (design.md 4.5). One call is one transaction: journal rows, the subject's
-- projection, its waits, their tasks, the effects of facts on rows that stand beside the journal, outbox and services.
-- The same sequence with the same content changes nothing; with other content, or with a gap before it, it raises.

create function record_facts(batch jsonb) returns jsonb language plpgsql as $$
declare
  v_subject   text := batch ->> 'subject';
  v_kind      text := batch ->> 'subjectKind';
  v_operation text := batch ->> 'operationId';
  v_seq       integer := (batch -> 'projection' ->> 'seq')::integer;
  v_last      integer;
  v_household text;
  v_newest    boolean;
  v_seated    text[] := '{}';
  fact        jsonb;
  stands      journal%rowtype;
begin
  -- one writer at a time for each subject, also when a lost workflow task is run again elsewhere
  perform pg_advisory_xact_lock(hashtextextended(v_subject, 7));
  select coalesce(max(seq), 0) into v_last from journal where subject = v_subject;

  for fact in select value from jsonb_array_elements(batch -> 'facts') loop
    if (fact ->> 'seq')::integer <= v_last then
      select * into stands from journal where subject = v_subject and seq = (fact ->> 'seq')::integer;
      if stands.type <> fact ->> 'type' or stands.data <> fact -> 'data'
         or stands.command_id is distinct from fact ->> 'commandId' then
        raise exception 'journal of % has another fact at %', v_subject, fact ->> 'seq' using errcode = 'HW001';
      end if;
      continue;
    end if;
    if (fact ->> 'seq')::integer <> v_last + 1 then
      raise exception 'journal of % has a gap before %', v_subject, fact ->> 'seq' using errcode = 'HW001';
    end if;
    v_last := v_last + 1;
    insert into journal (subject, seq, operation_id, chapter, type, at, actor, actor_kind, role, command_id, reason_code, note_id, data)
    values (v_subject, v_last, v_operation, fact ->> 'chapter', fact ->> 'type', (fact ->> 'at')::timestamptz,
            fact -> 'actor' ->> 'id', fact -> 'actor' ->> 'kind', fact -> 'actor' ->> 'role',
            fact ->> 'commandId', fact ->> 'reasonCode', fact ->> 'noteId', fact -> 'data');

    if v_kind = 'journey' then
      if fact ->> 'type' in ('holdRaised', 'consentWithdrawn', 'consentRefused', 'journeyEnded', 'householdChanged', 'splitOff') then
        -- the same lock as the claim of a seat: whoever is second sees the other
        select household_id into v_household from journeys where id = v_subject;
        perform 1 from households where id = v_household for update;
        v_seated := v_seated || array(select distinct movement_id from seats
          where journey_id = v_subject and status in ('claimed', 'checked_in'));
      end if;
      perform record_journey_effect(v_subject, fact);
    end if;

    insert into outbox (id, operation_id, subject, seq, type, at, data)
    select e ->> 'id', v_operation, v_subject, v_last, e ->> 'type', (fact ->> 'at')::timestamptz, e -> 'data'
      from jsonb_array_elements(coalesce(fact -> 'events', '[]')) e
      on conflict do nothing;
    insert into services (id, operation_id, sector_code, kind, person_id, subject, seq, at)
    select s ->> 'id', v_operation, s ->> 'sector', s ->> 'kind',
           (select person_id from journeys where id = v_subject), v_subject, v_last, (fact ->> 'at')::timestamptz
      from jsonb_array_elements(coalesce(fact -> 'services', '[]')) s
      on conflict do nothing;
  end loop;

  -- a batch that comes late (a workflow task run again) must not put back older waits or an older projection
  v_newest := v_last = v_seq;
  if v_newest then
    perform record_projection(v_kind, v_subject, batch -> 'projection');
    perform record_waits(v_subject, v_operation, batch -> 'waits');
  end if;
  insert into lateness (subject, key, rung, operation_id, seconds)
    select v_subject, r ->> 'key', r ->> 'rung', v_operation,
           extract(epoch from clock_timestamp() - (r ->> 'dueReal')::timestamptz)
      from jsonb_array_elements(coalesce(batch -> 'rungs', '[]')) r;
  perform pg_notify('outbox', '') where exists (select from outbox where subject = v_subject and position is null);
  return jsonb_build_object('seatedOn', to_jsonb(v_seated));
end $$;

-- What a journey's fact changes in rows that stand beside the journal.
create function record_journey_effect(p_journey text, fact jsonb) returns void language plpgsql as $$
declare d jsonb := fact -> 'data'; t text := fact ->> 'type'; moment timestamptz := (fact ->> 'at')::timestamptz;
begin
  if t = 'holdRaised' then
    update holds set status = 'active' where id = d ->> 'holdId' and status = 'raising';
  elsif t = 'holdReleased' then
    update holds set status = 'released', released_by = fact -> 'actor' ->> 'id', released_at = moment where id = d ->> 'holdId';
  elsif t in ('consentGiven', 'consentRefused', 'consentWithdrawn', 'consentReconfirmed') then
    insert into consents (journey_id, version, status, form, sharing, at, actor, note_id)
    values (p_journey, (d ->> 'version')::integer,
            case t when 'consentGiven' then 'given' when 'consentRefused' then 'refused' when 'consentWithdrawn' then 'withdrawn' else 'reconfirmed' end,
            coalesce(d ->> 'form', 'explicit'), coalesce((d ->> 'sharing')::boolean, false), moment, fact -> 'actor' ->> 'id', fact ->> 'noteId')
    on conflict do nothing;
  elsif t = 'journeyStarted' and d ->> 'consent' = 'given' then
    insert into consents (journey_id, version, status, form, sharing, at, actor)
    values (p_journey, 1, 'given', 'explicit', true, moment, fact -> 'actor' ->> 'id') on conflict do nothing;
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
      seq = n.seq, chapter = n.chapter, stage = n.stage,
      stage_since = case when journeys.stage = n.stage then journeys.stage_since else coalesce((p ->> 'at')::timestamptz, journeys.stage_since) end,
      ending = n.ending, ended_at = n.ended_at, household_id = n.household_id, household_open = n.household_open,
      identity = n.identity, screening = n.screening, consent = n.consent, consent_version = n.consent_version,
      consent_confirmed_at = n.consent_confirmed_at, consent_sharing = n.consent_sharing,
      nationality_status = n.nationality_status, document = n.document, document_valid_until = n.document_valid_until,
      exit_permit = n.exit_permit, fitness = n.fitness, fitness_until = n.fitness_until, fitness_conditions = n.fitness_conditions,
      travel = n.travel, travel_stage = n.travel_stage, movement_id = n.movement_id,
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

-- Waits are written as they stand now; a wait that is gone closes its tasks, one that climbed opens the next.
create function record_waits(p_subject text, p_operation text, p_waits jsonb) returns void language plpgsql as $$
begin
  delete from waits where subject = p_subject
    and key not in (select w ->> 'key' from jsonb_array_elements(p_waits) w);
  update tasks set status = 'done', closed_at = now()
    where subject = p_subject and status = 'open' and wait_key is not null
      and wait_key not in (select w ->> 'key' from jsonb_array_elements(p_waits) w);
  insert into waits (subject, key, operation_id, chapter, whom_kind, whom, what, then_what, blocks, since, remind_at, due, escalate_at, rung)
    select p_subject, w ->> 'key', p_operation, w ->> 'chapter', w -> 'whom' ->> 'kind', w -> 'whom' ->> 'id', w ->> 'what', w ->> 'then',
           (w ->> 'blocks')::boolean, (w ->> 'since')::timestamptz, (w ->> 'remindAt')::timestamptz, (w ->> 'due')::timestamptz,
           (w ->> 'escalateAt')::timestamptz, w ->> 'rung'
      from jsonb_array_elements(p_waits) w
    on conflict (subject, key) do update set
      chapter = excluded.chapter, whom_kind = excluded.whom_kind, whom = excluded.whom, what = excluded.what, then_what = excluded.then_what,
      blocks = excluded.blocks, since = excluded.since, remind_at = excluded.remind_at, due = excluded.due,
      escalate_at = excluded.escalate_at, rung = excluded.rung
    where (waits.*) is distinct from (excluded.*);
  insert into tasks (id, operation_id, subject, wait_key, kind, role, opened_at, due)
    select t ->> 'id', p_operation, p_subject, w ->> 'key', w ->> 'what', t ->> 'role', (t ->> 'openedAt')::timestamptz, (w ->> 'due')::timestamptz
      from jsonb_array_elements(p_waits) w, jsonb_array_elements(coalesce(w -> 'tasks', '[]')) t
    on conflict (id) do nothing;
end $$;
