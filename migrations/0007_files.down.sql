drop table file_embeddings;
drop table file_events;
drop table files;
