-- What happens to a person's files: the history, the present state, and the content as vectors.
create table files (
    id           uuid primary key,
    user_id      uuid not null references users on delete cascade,
    device       text not null,
    path         text not null,
    state        text not null check (state in ('present', 'deleted')),
    size_bytes   bigint,
    sha256       bytea,
    content_type text,
    content      text,
    changed_at   timestamptz not null, -- of the newest event that shaped this row
    opened_at    timestamptz,
    created_at   timestamptz not null default now(),
    updated_at   timestamptz not null default now(),
    unique (user_id, device, path)
);
create index files_user on files (user_id, changed_at desc, id desc);

create table file_events (
    id          uuid primary key, -- given by the app: the same event twice is one event
    user_id     uuid not null references users on delete cascade,
    file_id     uuid not null references files on delete cascade,
    kind        text not null check (kind in ('created', 'modified', 'moved', 'deleted', 'opened')),
    device      text not null,
    path        text not null,
    from_path   text,
    size_bytes  bigint,
    sha256      bytea,
    content_type text,
    happened_at timestamptz not null,
    created_at  timestamptz not null default now()
);
create index file_events_file on file_events (file_id, happened_at desc, id desc);
create index file_events_user on file_events (user_id, happened_at desc, id desc);

create table file_embeddings (
    id            uuid primary key,
    user_id       uuid not null references users on delete cascade,
    file_id       uuid not null references files on delete cascade,
    position      integer not null,
    text          text not null,
    embedding     halfvec(384) not null,
    model         text not null,
    model_version text not null,
    created_at    timestamptz not null default now(),
    unique (file_id, model, position)
);
create index file_embeddings_user on file_embeddings (user_id);

call protect('files');
call protect('file_events');
call protect('file_embeddings');
