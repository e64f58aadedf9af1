-- How exactly a word of a name is seen, to tell Mohammed from Ahmed, who share a broad sound: 32 bits of an HMAC, 0 where
-- several words of a name share the sound. Read with the key by the index alone.
alter table person_search add column seen integer;
alter table person_search drop constraint person_search_pkey;
alter table person_search add primary key (kind, key, person_id) include (seen);
