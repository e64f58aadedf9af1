-- Journeys are taken in by the thousand: their stages are counted once for each statement, in the order of the counters,
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

drop trigger journeys_count_status on journeys;
create trigger journeys_count_status after update of status on journeys
  for each row execute function count_status();
create trigger journeys_count_new after insert on journeys
  referencing new table as fresh for each statement execute function count_new_journeys();
