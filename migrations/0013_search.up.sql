-- The words of passages, for the part of search that goes by words. There is no index over them: a
-- person's passages are read by their user_id, since no index on words may be asked before the
-- policy that keeps people apart.
create extension if not exists fuzzystrmatch;
alter table conversation_embeddings
    add column words tsvector generated always as (to_tsvector('english', text)) stored;
