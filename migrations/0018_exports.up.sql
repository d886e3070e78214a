-- Archives of everything that a person has here. Where one stands, its job says (the job whose
-- subject it is); what is complete has an object, until its time is over.
create table exports (
    id           uuid primary key,
    user_id      uuid not null references users on delete cascade,
    object_key   text unique, -- the four below are known once it is complete
    size_bytes   bigint,
    sha256       bytea,
    completed_at timestamptz,
    expires_at   timestamptz not null, -- it is forgotten then, complete or not
    created_at   timestamptz not null default now()
);
create index exports_user on exports (user_id, id desc);
create index exports_expires on exports (expires_at);
call protect('exports');
call open_to_system('exports'); -- keys, sizes and times, and nothing of what is in them
