-- What was said. A conversation has sound, sound has transcriptions, a transcription has segments.
create table conversations (
    id           uuid primary key,
    user_id      uuid not null references users on delete cascade,
    title        text not null default '',
    title_source text not null default 'generated' check (title_source in ('generated', 'user')),
    notes        text not null default '',
    tags         text[] not null default '{}',
    source       text not null check (source in ('upload', 'live', 'import', 'empty')),
    language     text,
    started_at   timestamptz not null,
    duration_ms  bigint,
    version      bigint not null default 1, -- the ETag
    created_at   timestamptz not null default now(),
    updated_at   timestamptz not null default now()
);
create index conversations_user on conversations (user_id, started_at desc, id desc);

create table audio (
    id              uuid primary key,
    user_id         uuid not null references users on delete cascade,
    conversation_id uuid not null references conversations on delete cascade,
    object_key      text not null unique,
    filename        text not null default '',
    content_type    text not null,
    size_bytes      bigint not null,
    sha256          bytea not null,
    codec           text,   -- known once decoded, like the three below
    sample_rate     integer,
    channels        integer,
    duration_ms     bigint,
    recorded_at     timestamptz,
    created_at      timestamptz not null default now(),
    unique (user_id, sha256)
);
create index audio_conversation on audio (conversation_id);

create table transcriptions (
    id              uuid primary key,
    user_id         uuid not null references users on delete cascade,
    conversation_id uuid not null references conversations on delete cascade,
    audio_id        uuid references audio on delete cascade,
    options         jsonb not null default '{}',
    language        text,
    model           text,
    model_version   text,
    transcribed_ms  bigint not null default 0, -- the checkpoint: sound before it is in segments
    duration_ms     bigint,
    word_count      integer not null default 0,
    created_at      timestamptz not null default now(),
    completed_at    timestamptz -- null while segments still arrive
);
create index transcriptions_conversation on transcriptions (conversation_id, created_at desc);
create index transcriptions_audio on transcriptions (audio_id);
create index transcriptions_user on transcriptions (user_id);

create table segments (
    id               uuid primary key,
    user_id          uuid not null references users on delete cascade,
    conversation_id  uuid not null references conversations on delete cascade,
    transcription_id uuid not null references transcriptions on delete cascade,
    position         integer not null, -- 0, 1, 2 … in the order of time
    start_ms         bigint not null,
    end_ms           bigint not null,
    text             text not null,
    original_text    text, -- what the model heard, once a person has corrected it
    speaker          text,
    revision         integer not null default 1,
    words            tsvector generated always as (to_tsvector('english', text)) stored,
    check (start_ms >= 0 and end_ms >= start_ms),
    unique (transcription_id, position)
);
create index segments_conversation on segments (conversation_id);
create index segments_user on segments (user_id);
create index segments_words on segments using gin (words);

call protect('conversations');
call protect('audio');
call protect('transcriptions');
call protect('segments');
