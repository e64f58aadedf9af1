-- What a person said of how a list is to be read, and who said it. The latest row counts. Which order dates are in
-- stands in plain, because it is a decision about people's birth dates; headings and sheets may quote what stood in a
-- file, so they are encrypted under the import's key and go with it.
create table import_readings (
  import_id  text not null references imports (id) on delete cascade,
  round      integer not null,
  date_order jsonb not null default '{}',
  encrypted     bytea,
  overridden_by    text not null,
  overridden_at    timestamptz not null default now(),
  primary key (import_id, round)
);
insert into import_readings (import_id, round, overridden_by, overridden_at) select id, 1, created_by, created_at from imports;

-- The cells of a list as they came, some rows at a time, for whoever compares or corrections them.
create table import_cells (
  import_id text not null references imports (id) on delete cascade,
  first_row integer not null,
  last_row  integer not null,
  encrypted    bytea not null,
  primary key (import_id, first_row)
);

-- Which row of the list that it continues a row of a corrected file stands for.
create table import_corrections (
  import_id text not null references imports (id) on delete cascade,
  row       integer not null,
  target    integer not null,
  primary key (import_id, row)
);

-- What a heading stands for in the lists of one source: a partner, or an operation's own desks. The heading is an
-- HMAC: a file without headings has a person in its first row. A null column is one that is not taken.
create table list_headings (
  source      text not null,
  heading     text not null,
  column_name text,
  overridden_by     text not null,
  overridden_at     timestamptz not null default now(),
  primary key (source, heading)
);

-- Who looked at which rows of a list, or fetched them; written before they are shown.
create table import_looks (
  id        text primary key,
  import_id text not null,
  principal text not null,
  kind      text not null check (kind in ('rows', 'correction_file')),
  filter    jsonb not null default '{}',
  fields    text[] not null,
  row_count integer not null,
  at        timestamptz not null default now()
);
create index import_looks_by_import on import_looks (import_id);

-- `round`: which check of the list this is. `joined`: when a corrected file became a part of the list it continues.
alter table imports
  add column partner_id   text references partners (id),
  add column round        integer not null default 1,
  add column joined       timestamptz,
  add column encrypted_found bytea,
  drop column found,
  drop column override,
  drop column mapping;
create index imports_continuing on imports (continues) where continues is not null;
