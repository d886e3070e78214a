-- When a date is that was said: it means something else in each conversation, so each mention has
-- its own. Null where nobody can know, and for what is no date.
alter table mentions
    add column starts_at timestamptz,
    add column ends_at   timestamptz,
    add column precision text,
    add check ((starts_at is null) = (ends_at is null) and (starts_at is null) = (precision is null));
create index mentions_starts on mentions (user_id, starts_at) where starts_at is not null;
