drop trigger mirror on file_embeddings;
drop trigger mirror on conversation_embeddings;
drop function note_vector_change;
drop table vector_mirror;
drop table vector_changes;
