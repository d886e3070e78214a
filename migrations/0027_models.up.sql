-- What listens, reads and embeds: told by each worker with its heartbeat.
alter table workers add column models jsonb not null default '[]';

-- What the worker told that left last: it holds until another one comes.
create table last_models (
    is_only boolean primary key default true check (is_only),
    models  jsonb not null
);

grant select, insert, update, delete on last_models to self_system;
