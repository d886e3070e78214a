-- What happened, numbered per person without gaps, written with the change that it tells of.
create table event_numbers (
    user_id uuid primary key references users on delete cascade,
    last    bigint not null default 0
) with (fillfactor = 50);

create table events (
    user_id    uuid not null references users on delete cascade,
    seq        bigint not null,
    id         uuid not null unique,
    kind       text not null,
    rooms      text[] not null, -- 'user', 'conversation:<id>', 'job:<id>' …
    data       jsonb not null,
    created_at timestamptz not null default now(),
    relayed_at timestamptz,
    primary key (user_id, seq)
);
create index events_unrelayed on events (created_at) where relayed_at is null;

call protect('event_numbers');
call protect('events');
call open_to_system('event_numbers');
call open_to_system('events');
