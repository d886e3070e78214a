-- Who and what was mentioned, how they belong together, and what it means as vectors.
create table entities (
    id           uuid primary key,
    user_id      uuid not null references users on delete cascade,
    kind         text not null,
    name         text not null,
    key          text not null, -- the normalised name: one entity under several spellings
    aliases      text[] not null default '{}',
    first_seen_at timestamptz not null,
    last_seen_at timestamptz not null,
    created_at   timestamptz not null default now(),
    updated_at   timestamptz not null default now(),
    unique (user_id, kind, key)
);

create table mentions (
    id               uuid primary key,
    user_id          uuid not null references users on delete cascade,
    entity_id        uuid not null references entities on delete cascade,
    conversation_id  uuid not null references conversations on delete cascade,
    transcription_id uuid not null references transcriptions on delete cascade,
    segment_id       uuid not null references segments on delete cascade,
    start_char       integer not null, -- in characters of the segment's text
    end_char         integer not null,
    text             text not null,
    finder           text not null,
    finder_version   text not null
);
create index mentions_entity on mentions (entity_id);
create index mentions_conversation on mentions (conversation_id);
create index mentions_transcription on mentions (transcription_id);
create index mentions_segment on mentions (segment_id);
create index mentions_user on mentions (user_id);

create table connections (
    id             uuid primary key,
    user_id        uuid not null references users on delete cascade,
    from_entity_id uuid not null references entities on delete cascade,
    to_entity_id   uuid not null references entities on delete cascade,
    kind           text not null,
    strength       real not null,
    first_seen_at  timestamptz not null,
    last_seen_at   timestamptz not null,
    check (from_entity_id <> to_entity_id),
    unique (user_id, from_entity_id, to_entity_id, kind)
);
create index connections_to on connections (to_entity_id);

-- Why a connection is believed: where its two ends were mentioned together.
create table connection_evidence (
    connection_id    uuid not null references connections on delete cascade,
    segment_id       uuid not null references segments on delete cascade,
    user_id          uuid not null references users on delete cascade,
    transcription_id uuid not null references transcriptions on delete cascade,
    weight           real not null,
    primary key (connection_id, segment_id)
);
create index connection_evidence_segment on connection_evidence (segment_id);
create index connection_evidence_transcription on connection_evidence (transcription_id);
create index connection_evidence_user on connection_evidence (user_id);

-- Passages of a conversation as vectors. Exact search within one person's rows: halfvec stays in
-- the row (no TOAST), and the index keeps the scan to that person.
create table conversation_embeddings (
    id               uuid primary key,
    user_id          uuid not null references users on delete cascade,
    conversation_id  uuid not null references conversations on delete cascade,
    transcription_id uuid not null references transcriptions on delete cascade,
    position         integer not null,
    start_ms         bigint not null,
    end_ms           bigint not null,
    segment_ids      uuid[] not null,
    text             text not null,
    embedding        halfvec(384) not null,
    model            text not null,
    model_version    text not null,
    created_at       timestamptz not null default now(),
    unique (transcription_id, model, position)
);
create index conversation_embeddings_user on conversation_embeddings (user_id);
create index conversation_embeddings_conversation on conversation_embeddings (conversation_id);

call protect('entities');
call protect('mentions');
call protect('connections');
call protect('connection_evidence');
call protect('conversation_embeddings');
