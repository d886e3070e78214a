-- The only truth about work to do. A ring in Redis points here; losing it loses nothing.
create table jobs (
    id                  uuid primary key,
    kind                text not null,
    lane                text not null,
    payload             jsonb not null,
    user_id             uuid references users on delete cascade, -- null: the house's own
    subject_id          uuid,          -- what it is about: an audio, a conversation, a file
    state               text not null default 'queued'
                        check (state in ('queued', 'running', 'succeeded', 'cancelled', 'dead')),
    priority            smallint not null default 0,     -- higher first
    attempt             integer not null default 0,      -- the fence: results are written only under the newest
    strikes             integer not null default 0,      -- failures that count towards death
    run_at              timestamptz not null default now(),
    rung_at             timestamptz,   -- when a ring was last sent for it
    lease_until         timestamptz,
    worker              text,
    cancel_requested_at timestamptz,
    stage               text,
    progress            jsonb not null default '{}',
    failure             jsonb,
    traceparent         text,          -- W3C trace context of the request that asked for it
    created_at          timestamptz not null default now(),
    started_at          timestamptz,
    finished_at         timestamptz,
    updated_at          timestamptz not null default now(),
    check ((state = 'running') = (lease_until is not null))
);
create index jobs_user on jobs (user_id, created_at desc, id desc);
create index jobs_subject on jobs (subject_id);
-- Each person's next job of a lane, in order: what the fair choice walks.
create index jobs_queued on jobs (lane, user_id, priority desc, run_at, id) where state = 'queued';
create index jobs_rung on jobs (lane, rung_at) where state = 'queued' and rung_at is not null;
create index jobs_leased on jobs (lease_until) where state = 'running';

-- The live settings of a lane, which operators change while the fleet runs.
create table lanes (
    lane        text primary key,
    paused      boolean not null default false,
    concurrency integer check (concurrency >= 0), -- per worker; null: what each was started with
    updated_at  timestamptz not null default now()
);

-- Who is working: written by each worker's heartbeat, swept when silent.
create table workers (
    name       text primary key,
    lanes      jsonb not null,
    started_at timestamptz not null default now(),
    seen_at    timestamptz not null default now(),
    draining   boolean not null default false
);

call protect('jobs');
call open_to_system('jobs');
grant select, insert, update, delete on lanes, workers to self_system;
