alter table file_embeddings drop column words;
