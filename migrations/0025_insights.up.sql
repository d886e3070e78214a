-- What deserves a person's attention, and what speaks for it. Nothing was ever written to the table
-- that was there before.
drop table insights;

create table insights (
    id            uuid primary key,
    user_id       uuid not null references users on delete cascade,
    kind          text not null,
    key           text not null, -- a hash of what makes it the same insight: it is produced once
    essence       text not null, -- a hash of what makes it the same to whoever has dismissed it
    title         text not null,
    detail        text not null,
    model         text not null,
    model_version text not null,
    due_at        timestamptz,
    -- The version that took its place; whatever takes that away takes its former versions along.
    superseded_by uuid references insights on delete cascade deferrable initially deferred,
    created_at    timestamptz not null default now(),
    check (superseded_by <> id)
);
create unique index insights_current on insights (user_id, kind, key) where superseded_by is null;
create index insights_user on insights (user_id, created_at desc, id desc);
create index insights_superseded_by on insights (superseded_by);

-- The segments and files that speak for an insight, and whom and what it is about.
create table insight_evidence (
    insight_id      uuid not null references insights on delete cascade,
    position        integer not null,
    user_id         uuid not null references users on delete cascade,
    segment_id      uuid references segments on delete cascade,
    conversation_id uuid references conversations on delete cascade, -- the segment's
    entity_id       uuid references entities on delete cascade,
    file_id         uuid references files on delete cascade,
    primary key (insight_id, position),
    check (num_nonnulls(segment_id, entity_id, file_id) = 1),
    check ((segment_id is null) = (conversation_id is null))
);
create index insight_evidence_user on insight_evidence (user_id);
create index insight_evidence_segment on insight_evidence (segment_id);
create index insight_evidence_conversation on insight_evidence (conversation_id);
create index insight_evidence_entity on insight_evidence (entity_id);
create index insight_evidence_file on insight_evidence (file_id);

-- There is no insight without its evidence: where that is gone, the insight goes. Whom it is about
-- is no evidence: a name may be understood otherwise.
create function withdraw_insight() returns trigger
    language plpgsql
    as $$
begin
    delete from insights where id = old.insight_id
        and not (exists (select from segments where id = old.segment_id)
                 or exists (select from files where id = old.file_id));
    return null;
end $$;
create trigger withdraw after delete on insight_evidence for each row
    when (old.entity_id is null) execute function withdraw_insight();

-- What a person does not want to be told (again). It outlives the insight, and says nothing of it.
create table insight_dismissals (
    user_id      uuid not null references users on delete cascade,
    kind         text not null,
    essence      text not null,
    dismissed_at timestamptz not null default now(),
    primary key (user_id, kind, essence)
);

-- Facts as they were stated: which of them cannot both be so is seen when another is.
create table statements (
    user_id         uuid not null references users on delete cascade,
    conversation_id uuid not null references conversations on delete cascade,
    segment_id      uuid not null references segments on delete cascade,
    position        integer not null, -- of several in a segment
    subject         text not null,    -- of whom or what, in small letters
    attribute       text not null,
    value           text not null,    -- the same for every way to say it
    said            text not null,    -- the words that say the value
    sentence        text not null,    -- and the sentence in which they do
    starts_at       timestamptz,      -- of a value that is a date
    said_at         timestamptz not null,
    primary key (segment_id, position)
);
create index statements_conversation on statements (conversation_id);
create index statements_subject on statements (user_id, subject, attribute);

call protect('insights');
call protect('insight_evidence');
call protect('insight_dismissals');
call protect('statements');
