revoke select (removed_at) on audio from self_system;
drop index users_keep_audio;
drop index audio_sha256;
-- Bytes that came again after their removal are one recording too many for the former constraint.
delete from audio a using audio again
where a.removed_at is not null and again.user_id = a.user_id and again.sha256 = a.sha256 and again.id > a.id;
alter table audio
    drop column removed_at,
    add constraint audio_user_id_sha256_key unique (user_id, sha256);

alter table conversations drop column warnings;

alter table segments
    drop column confidence,
    drop column is_uncertain,
    drop column word_times,
    drop column timing;

alter table transcriptions
    drop column coverage,
    drop column warnings,
    drop column language_uncertain,
    drop column endpoint;
