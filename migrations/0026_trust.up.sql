-- How far a transcript can be trusted: what of the recording was heard, how sure the transcriber was,
-- and where the sound was sent.
alter table transcriptions
    add column coverage jsonb not null default '[]', -- [[kind, start_ms, end_ms], …] in order, without gaps
    add column warnings text[] not null default '{}',
    add column language_uncertain boolean not null default false,
    add column endpoint text;                        -- the host that transcribed it; null: this worker

alter table segments
    add column confidence real check (confidence between 0 and 1), -- null for text that no model heard
    add column is_uncertain boolean not null default false, -- shown, and kept out of understanding and answers
    -- [[start_ms, end_ms, confidence], …]: one for each word of the text as it was heard, split at white space
    add column word_times jsonb,
    add column timing text check (timing in ('estimated', 'measured'));

-- What a person should know before they rely on any of its transcripts.
alter table conversations add column warnings text[] not null default '{}';

-- The sound of a recording can be removed while its text stays; the same bytes can then come again.
alter table audio
    add column removed_at timestamptz,
    drop constraint audio_user_id_sha256_key;
-- Objects of sound that was removed are swept like those that no row names.
grant select (removed_at) on audio to self_system;
-- Who has chosen that old sound goes.
create index users_keep_audio on users (id) where preferences ? 'keep_audio_days';
create unique index audio_sha256 on audio (user_id, sha256) where removed_at is null;
