-- The terms of the glossary: crashes are counted, and lanes are shared fairly.
alter table jobs rename column strikes to crash_count;
alter table turns rename to fair_share;
alter index turns_pkey rename to fair_share_pkey;

-- As before, with the table under its new name.
create or replace function queue_places(wanted uuid[]) returns table (id uuid, place bigint)
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
        select counted.*, coalesce(fair_share.served_at, '-infinity') as served_at
        from (select jobs.lane, jobs.owner, jobs.priority, count(*) as jobs, min(jobs.run_at) as since
              from jobs where jobs.state = 'queued' and jobs.lane in (select about.lane from about)
              group by jobs.lane, jobs.owner, jobs.priority) counted
        left join fair_share on fair_share.lane = counted.lane and fair_share.owner = counted.owner)
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
