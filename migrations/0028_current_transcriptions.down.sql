drop view current_transcriptions;
