-- Alarms are read and settled by people: who did, and why.
alter table alarms
  add column settled_by  text,
  add column reason_code text,
  add constraint alarms_settled_by_somebody check ((settled_at is null) = (settled_by is null));
create index alarms_open on alarms (raised_at, id) where settled_at is null;
