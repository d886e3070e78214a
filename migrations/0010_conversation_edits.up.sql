-- What a person adds to a conversation: who the voices are, and words of their own that are found
-- like those that were said.
alter table conversations
    add column speakers jsonb not null default '{}', -- the voice as it is marked in segments: its name
    add column words tsvector generated always as (
        setweight(to_tsvector('english', title), 'A') || setweight(to_tsvector('english', notes), 'B')) stored;
create index conversations_updated on conversations (user_id, updated_at desc, id desc);
create index conversations_tags on conversations using gin (tags);
create index conversations_words on conversations using gin (words);
