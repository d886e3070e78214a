-- What a person decided about names, for whenever they are heard again. Names, not rows, are what
-- it speaks of: an entity that nothing mentions any more is gone, and what was decided stays.
create table entity_decisions (
    user_id    uuid not null references users on delete cascade,
    kind       text not null, -- as it is found …
    key        text not null,
    spelling   text not null, -- … where it is spelled so; '' for everywhere
    as_kind    text,          -- what it is; null for nothing to be remembered
    as_key     text,
    as_name    text,
    decided_at timestamptz not null default now(),
    primary key (user_id, kind, key, spelling),
    check ((as_kind is null) = (as_key is null) and (as_kind is null) = (as_name is null))
);
create index entity_decisions_as on entity_decisions (user_id, as_kind, as_key);
call protect('entity_decisions');

alter table entities add column version bigint not null default 1; -- the ETag
