alter table conversation_embeddings drop column words;
drop extension if exists fuzzystrmatch;
