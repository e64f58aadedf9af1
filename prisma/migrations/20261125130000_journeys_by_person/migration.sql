-- A person's journeys, ended ones too: asked for by each look at a person, by each search and by each comparison.
create index journeys_by_person on journeys (person_id);
