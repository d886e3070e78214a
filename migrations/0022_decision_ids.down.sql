drop index entity_decisions_decided;
alter table entity_decisions drop column id, drop column transcription_ids;
