-- A seat knows when and through whom it came to stand as it does (operation time), and up to which status its person
-- has been notified: what is not notified yet is found here, so that news survives whoever was about to bring it.
alter table seats
  add column status_at timestamptz,
  add column status_by jsonb,
  add column notified      text;
create index seats_untold on seats (movement_id) where notified is distinct from status;

-- Scans that changed nothing because the gate, or the list, said no. Never boarded, never forgotten.
create table refused_scans (
  movement_id text not null references movements (id),
  scan_id     text not null,
  journey_id  text not null,
  kind        text not null,
  code        text not null,
  at          timestamptz not null,
  primary key (movement_id, scan_id)
);

-- Seats are counted by the database itself, so that capacity holds whoever claims: also when the kind of a seat
-- changes, because a smaller vehicle has fewer laps and an infant gets a seat.
create or replace function count_seat() returns trigger language plpgsql as $$
declare
  counted constant text[] := array['reserved', 'checked_in', 'boarded', 'departed', 'arrived'];
  seat_delta integer := 0; infant_delta integer := 0; stretcher_delta integer := 0; wheelchair_delta integer := 0;
begin
  if tg_op <> 'INSERT' and old.status = any (counted) then
    if old.kind in ('seat', 'wheelchair') then seat_delta := seat_delta - 1; end if;
    if old.kind = 'infant_lap' then infant_delta := infant_delta - 1; end if;
    if old.kind = 'stretcher' then stretcher_delta := stretcher_delta - 1; end if;
    if old.kind = 'wheelchair' then wheelchair_delta := wheelchair_delta - 1; end if;
  end if;
  if tg_op <> 'DELETE' and new.status = any (counted) then
    if new.kind in ('seat', 'wheelchair') then seat_delta := seat_delta + 1; end if;
    if new.kind = 'infant_lap' then infant_delta := infant_delta + 1; end if;
    if new.kind = 'stretcher' then stretcher_delta := stretcher_delta + 1; end if;
    if new.kind = 'wheelchair' then wheelchair_delta := wheelchair_delta + 1; end if;
  end if;
  if seat_delta = 0 and infant_delta = 0 and stretcher_delta = 0 and wheelchair_delta = 0 then return null; end if;
  update movements set
    seats_taken = seats_taken + seat_delta + stretcher_delta * stretcher_seats,
    infants_taken = infants_taken + infant_delta,
    stretchers_taken = stretchers_taken + stretcher_delta,
    wheelchairs_taken = wheelchairs_taken + wheelchair_delta,
    over_capacity = over_capacity and not (
      seats_taken + seat_delta + stretcher_delta * stretcher_seats <= seat_capacity
      and infants_taken + infant_delta <= infant_capacity
      and stretchers_taken + stretcher_delta <= stretcher_capacity
      and wheelchairs_taken + wheelchair_delta <= wheelchair_capacity)
  where id = case when tg_op = 'DELETE' then old.movement_id else new.movement_id end;
  return null;
end $$;
drop trigger seats_count on seats;
create trigger seats_count after insert or update of status, kind or delete on seats
  for each row execute function count_seat();
