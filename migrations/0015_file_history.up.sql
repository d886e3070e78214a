-- The history of files in any order of arrival: which file was at which place when, and what of
-- their content is kept to be understood.

-- An id is given by the app: it is one event per person, and tells nothing of anybody else's.
alter table file_events drop constraint file_events_pkey, add primary key (user_id, id);
alter table file_events add column content_sha256 bytea; -- of the content that came along
-- The newest event of each kind is all that the present state of a file is made of.
create index file_events_kind on file_events (file_id, kind, happened_at desc, id desc);

-- A file that was moved away or moved over leaves its path to others.
alter table files
    drop constraint files_user_id_device_path_key,
    drop column content,
    add column written_at timestamptz; -- when its bytes last changed
create index files_opened on files (user_id, opened_at desc, id desc) where opened_at is not null;

-- Which file is at a place from a moment on, until the next row of the place. Moves begin such
-- stays at both of their ends; a place where nothing was ever moved has one, from the beginning.
-- A path may be longer than an index can hold: a place is a hash of device and path.
create function file_place(device text, path text) returns uuid
    language sql immutable parallel safe
    as $$ select md5(device || chr(10) || path)::uuid $$;
create table file_stays (
    user_id     uuid not null references users on delete cascade,
    place       uuid not null,
    since       timestamptz not null, -- the move that began it …
    since_event uuid not null,
    file_id     uuid references files on delete set null, -- null: nobody knows of a file there
    primary key (user_id, place, since, since_event)
);
create index file_stays_file on file_stays (file_id, since desc, since_event desc);

-- What is in a file, as of the event that it came with or that was the newest when it was uploaded.
create table file_contents (
    id           uuid primary key,
    user_id      uuid not null references users on delete cascade,
    file_id      uuid not null references files on delete cascade,
    event_id     uuid not null,
    as_of        timestamptz not null,
    kind         text not null check (kind in ('text/plain', 'text/markdown', 'text/html', 'application/pdf')),
    size_bytes   bigint not null,
    sha256       bytea not null,
    file_sha256  bytea,       -- of the whole file then, where that is known
    text         text,        -- the content itself, where it came with an event …
    object_key   text unique, -- … and where it is, if it was uploaded
    job_id       uuid,        -- the newest work on it
    embedded_at  timestamptz,
    is_cut       boolean not null default false, -- longer than what is read of a file
    created_at   timestamptz not null default now(),
    check ((text is null) <> (object_key is null)),
    unique (user_id, event_id),
    foreign key (user_id, event_id) references file_events on delete cascade
);
create index file_contents_file on file_contents (file_id);

call protect('file_stays');
call protect('file_contents');

-- Whether an object has a row, as for recordings.
create policy keys on file_contents for select to self_system using (true);
grant select (object_key) on file_contents to self_system;
