-- Whoever watches a list on its way in is shown its first faults at each look; of a clean list that took reading it whole.
create index import_rows_rejected on import_rows (import_id, row) where verdict = 'reject';
