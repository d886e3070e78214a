drop table conversation_embeddings;
drop table connection_evidence;
drop table connections;
drop table mentions;
drop table entities;
