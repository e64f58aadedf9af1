-- Journeys are taken in by the thousand: their stages are counted once for each statement, in the order of the counters,
-- so that two lists that come in at once never wait for each other in a circle. A later change of stage stays counted
-- row by row.
create function count_new_journeys() returns trigger language plpgsql as $$
begin
  insert into stage_counts (operation_id, stage, shard, people)
    select operation_id, stage, abs(hashtext(id)) % 16, count(*)
      from fresh group by 1, 2, 3 order by 1, 2, 3
    on conflict (operation_id, stage, shard) do update set people = stage_counts.people + excluded.people;
  return null;
end $$;

drop trigger journeys_count_stage on journeys;
create trigger journeys_count_stage after update of stage on journeys
  for each row execute function count_stage();
create trigger journeys_count_new after insert on journeys
  referencing new table as fresh for each statement execute function count_new_journeys();
