-- People met twice: who has been compared with everybody known, the pairs found, and what a person decided of each.

-- Who was taken in and not compared yet. The comparer takes them in turn.
alter table persons add column compared_at timestamptz;
create index persons_to_compare on persons (created_at, id) where compared_at is null;

-- Looked up by key alone, so the key comes first; the second index is for erasing a person.
alter table person_search drop constraint person_search_pkey;
drop index person_search_by_key;
alter table person_search add primary key (kind, key, person_id);
create index person_search_by_person on person_search (person_id);

-- Whoever's key is gone is erased: nothing by which they were found may stay.
create function forget_search_keys() returns trigger language plpgsql as $$
begin
  delete from person_search where person_id = old.person_id;
  return null;
end $$;
create trigger person_keys_forget_search after delete on person_keys for each row execute function forget_search_keys();

-- A pair belongs to the operations of both people; the row is the latest decision, the event_log has them all.
alter table duplicate_pairs
  drop column operation_id,
  add column operation_a  text not null references operations (id),
  add column operation_b  text not null references operations (id),
  add column seq          integer not null default 0,
  add column decided_role text,
  add column reason_code  text,
  -- the journey that must wait since the two were found to be one person, and the hold that stops it
  add column held_journey text references journeys (id),
  add column hold_id      text references holds (id);
create index duplicate_pairs_of_a on duplicate_pairs (operation_a, id);
create index duplicate_pairs_of_b on duplicate_pairs (operation_b, id);
create index duplicate_pairs_by_b on duplicate_pairs (person_b);

-- What is asked of people ends when they have done it: one of the two journeys ended, or the hold released.
create function settle_one_journey_task() returns trigger language plpgsql as $$
begin
  update tasks t set status = 'done', closed_at = new.ended_at
    from duplicate_pairs p
   where p.status = 'same' and (p.person_a = new.person_id or p.person_b = new.person_id)
     and t.id = p.id || '.closeDuplicate' and t.status = 'open';
  -- the one that waited is the one that goes on: somebody has to let it
  insert into tasks (id, operation_id, subject, kind, role, opened_at, data)
    select p.id || '.resume', j.operation_id, j.id, 'resume', 'duty_supervisor', new.ended_at, jsonb_build_object('pairId', p.id, 'holdId', p.hold_id)
      from duplicate_pairs p join journeys j on j.id = p.held_journey join holds h on h.id = p.hold_id
     where p.status = 'same' and (p.person_a = new.person_id or p.person_b = new.person_id)
       and j.id <> new.id and j.ending is null and h.status in ('raising', 'active')
    on conflict (id) do update set status = 'open', closed_at = null;
  return null;
end $$;
create trigger journeys_settle_one_journey_task after update on journeys
  for each row when (old.ending is null and new.ending is not null) execute function settle_one_journey_task();

create function settle_let_go_on_task() returns trigger language plpgsql as $$
begin
  update tasks set status = 'done', closed_at = coalesce(new.released_at, now())
   where subject = new.journey_id and kind = 'resume' and status = 'open' and data ->> 'holdId' = new.id;
  return null;
end $$;
create trigger holds_settle_let_go_on_task after update of status on holds
  for each row when (new.status in ('released', 'void')) execute function settle_let_go_on_task();

-- What a dry run found of people met twice: how many rows were compared, and the pairs by row.
alter table imports add column met jsonb;
