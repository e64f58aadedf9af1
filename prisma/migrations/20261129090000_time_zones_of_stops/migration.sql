-- Time zones of stops, and the release of the time-zone table that judged the local times: a later table that reads them
-- otherwise is notified to people, and moves nothing.
alter table movements
  add column time_zones      jsonb not null default '{}',
  add column time_zone_table text,
  add constraint movements_zones_are_judged check ((time_zones = '{}') = (time_zone_table is null));
