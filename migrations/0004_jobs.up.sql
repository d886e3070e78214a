-- The only truth about work to do. A ring in Redis points here; losing it loses nothing.
create table jobs (
    id                  uuid primary key,
    kind                text not null,
    lane                text not null,
    payload             jsonb not null,
    user_id             uuid references users on delete cascade, -- null: the house's own
    owner               uuid not null generated always as        -- whose turn it takes; the house is one more person
                        (coalesce(user_id, '00000000-0000-0000-0000-000000000000'::uuid)) stored,
    subject_id          uuid,          -- what it is about: an audio, a conversation, a file
    state               text not null default 'queued'
                        check (state in ('queued', 'running', 'succeeded', 'cancelled', 'dead')),
    priority            smallint not null default 0,     -- higher first
    attempt             integer not null default 0,      -- the fence: results are written only under the newest
    strikes             integer not null default 0,      -- workers that died of it, or while at it
    retries             integer not null default 0,      -- faults in a row around it: how far it backs off
    faulty_since        timestamptz,                     -- the first of them: when patience began
    run_at              timestamptz not null default now(),
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
) with (fillfactor = 70); -- leases and progress are updated in place
create index jobs_user on jobs (user_id, id desc);
create index jobs_subject on jobs (subject_id);
-- Each person's next job of a lane, in order: what the fair choice walks.
create index jobs_queued on jobs (lane, owner, priority desc, run_at, id) where state = 'queued';
create index jobs_running on jobs (lane) where state = 'running';

-- When each person was last served in a lane: whoever waits longest is next.
create table turns (
    lane      text not null,
    owner     uuid not null,
    served_at timestamptz not null,
    primary key (lane, owner)
);

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
grant select, insert, update, delete on lanes, workers, turns to self_system;

-- How many jobs of their lane come before these. Runs as the system, since others' jobs count, and
-- tells nothing else of them. The order is that of the claims to come if nothing is added:
-- priority, then everybody's first job, everybody's second, … Before somebody's job number k come
-- their own k - 1, and of everybody else as many, or one more if it is their turn earlier.
create function queue_places(wanted uuid[]) returns table (id uuid, place bigint)
    language sql stable security definer set search_path = public
    as $$
    with about as (
        select distinct jobs.lane, jobs.owner from jobs where jobs.id = any (wanted) and jobs.state = 'queued'),
    asked as (
        select ranked.* from (
            select jobs.id, jobs.lane, jobs.owner, jobs.priority,
                   row_number() over (partition by jobs.lane, jobs.owner, jobs.priority
                                      order by jobs.run_at, jobs.id) - 1 as own_before
            from about join jobs on jobs.lane = about.lane and jobs.owner = about.owner
            where jobs.state = 'queued') ranked
        where ranked.id = any (wanted)),
    waiting as materialized (
        select counted.*, coalesce(turns.served_at, '-infinity') as served_at
        from (select jobs.lane, jobs.owner, jobs.priority, count(*) as jobs, min(jobs.run_at) as since
              from jobs where jobs.state = 'queued' and jobs.lane in (select about.lane from about)
              group by jobs.lane, jobs.owner, jobs.priority) counted
        left join turns on turns.lane = counted.lane and turns.owner = counted.owner)
    select asked.id,
           asked.own_before + sum(
               case when other.priority > asked.priority then other.jobs
                    when other.priority < asked.priority or other.owner = asked.owner then 0
                    when (other.served_at, other.since, other.owner) < (own.served_at, own.since, own.owner)
                        then least(other.jobs, asked.own_before + 1)
                    else least(other.jobs, asked.own_before) end)::bigint
    from asked
    join waiting own on own.lane = asked.lane and own.owner = asked.owner and own.priority = asked.priority
    join waiting other on other.lane = asked.lane
    group by asked.id, asked.own_before
    $$;
revoke all on function queue_places from public;
grant execute on function queue_places to self_user, self_system;
-- Only a role that may create here can be given what stands here.
grant create on schema public to self_system;
alter function queue_places owner to self_system;
revoke create on schema public from self_system;
