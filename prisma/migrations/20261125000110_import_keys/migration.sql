-- One key for each import, wrapped like a person's: the uploaded file and its rows are readable only with it, and
-- deleting it (after 30 days, or with the import) makes them unreadable in every copy.
create table import_keys (
  import_id   text primary key references imports (id) on delete cascade,
  kek_id      text not null,
  wrapped_key bytea not null
);

-- A household with a rejected row is held together by DATA_DISPUTE holds and asks a case worker for the missing
-- member. When the last of these holds is released, whoever released it has decided, and the request is closed.
create function settle_household_task() returns trigger language plpgsql as $$
declare
  unit text;
begin
  select household_id into unit from journeys where id = new.journey_id;
  update tasks set status = 'done', closed_at = new.released_at
   where subject = unit and kind = 'completeHousehold' and status = 'open'
     and not exists (
       select 1 from holds join journeys on journeys.id = holds.journey_id
        where journeys.household_id = unit and holds.type = 'DATA_DISPUTE' and holds.status in ('raising', 'active'));
  return null;
end $$;
create trigger holds_settle_household_task after update of status on holds
  for each row when (new.type = 'DATA_DISPUTE' and new.status in ('released', 'void'))
  execute function settle_household_task();
