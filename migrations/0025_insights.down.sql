drop table statements;
drop table insight_dismissals;
drop table insight_evidence;
drop function withdraw_insight;
drop table insights;

create table insights (
    id            uuid primary key,
    user_id       uuid not null references users on delete cascade,
    kind          text not null,
    key           text not null, -- what makes it the same insight: it is produced once
    title         text not null,
    detail        text not null,
    evidence      jsonb not null, -- segment, file and entity ids
    model         text not null,
    model_version text not null,
    due_at        timestamptz,
    superseded_by uuid references insights on delete set null,
    dismissed_at  timestamptz,
    created_at    timestamptz not null default now(),
    unique (user_id, kind, key)
);
create index insights_user on insights (user_id, created_at desc, id desc);

call protect('insights');
