-- What a person decides about themselves: choices, and the end of it all.
alter table users
    add column version bigint not null default 1, -- the ETag
    add column erased_at timestamptz;             -- their memory is being removed; nobody can log in

-- Who has chosen that old conversations go.
create index users_keep on users (id) where preferences ? 'keep_days';

-- The receipt of an erasure: that it happened, and nothing of whom. The id is random, not ordered,
-- and known only to the person who asked.
create table erasures (
    id           uuid primary key,
    requested_at timestamptz not null default now(),
    completed_at timestamptz,
    rows_erased  bigint not null default 0,
    objects_erased bigint not null default 0
);
grant select, insert, update, delete on erasures to self_system;
