-- Files are searched like conversations: the words of their passages, too.
alter table file_embeddings
    add column words tsvector generated always as (to_tsvector('english', text)) stored;
