-- People and how they prove who they are.
create table users (
    id            uuid primary key,
    email         text not null,
    name          text not null default '',
    password_hash text not null,
    preferences   jsonb not null default '{}',
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now(),
    user_id       uuid generated always as (id) stored -- the owner of the row, as in every table
);
create unique index users_email on users (lower(email));

-- A session is a family of refresh tokens: one login on one device.
create table sessions (
    id           uuid primary key,
    user_id      uuid not null references users on delete cascade,
    user_agent   text not null default '',
    created_at   timestamptz not null default now(),
    last_used_at timestamptz not null default now(),
    expires_at   timestamptz not null,
    revoked_at   timestamptz,
    revoked_for  text check (revoked_for in ('logout', 'replay', 'password', 'ended'))
);
create index sessions_user on sessions (user_id);

-- Only hashes are kept. A token that has a successor was used; using it again within the grace
-- period gives the same successor, later it revokes the session.
create table refresh_tokens (
    token_hash bytea primary key,
    session_id uuid not null references sessions on delete cascade,
    user_id    uuid not null references users on delete cascade,
    issued_at  timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at    timestamptz
);
create index refresh_tokens_session on refresh_tokens (session_id);
create index refresh_tokens_user on refresh_tokens (user_id);

-- What a browser shows instead of a header when it opens a WebSocket: good once, for seconds.
create table socket_tickets (
    ticket_hash bytea primary key,
    user_id     uuid not null references users on delete cascade,
    session_id  uuid not null references sessions on delete cascade,
    expires_at  timestamptz not null
);
create index socket_tickets_user on socket_tickets (user_id);
create index socket_tickets_session on socket_tickets (session_id);

-- The first answer to a request that carried an Idempotency-Key.
create table idempotency_keys (
    user_id      uuid not null references users on delete cascade,
    key          text not null,
    request_hash bytea not null,
    answer       jsonb not null,
    created_at   timestamptz not null default now(),
    primary key (user_id, key)
);

call protect('users');
call protect('sessions');
call protect('refresh_tokens');
call protect('socket_tickets');
call protect('idempotency_keys');
call open_to_system('users');
call open_to_system('sessions');
call open_to_system('refresh_tokens');
call open_to_system('socket_tickets');
call open_to_system('idempotency_keys');
