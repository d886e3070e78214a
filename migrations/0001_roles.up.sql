-- Who may see what. The programs log in as any user that owns this database, and take one of two
-- roles in every transaction; neither owns a table, so row-level security holds for both:
--   self_user    one person's rows, named by `self.user_id`; everything people own
--   self_system  the rows that run the place (jobs, events, sessions) whoever they belong to,
--                and nothing of what people recorded
-- Roles belong to the server, not to a database, and several databases may share them.
do $$
declare
    role_name text;
begin
    foreach role_name in array array['self_user', 'self_system'] loop
        begin
            if not exists (select from pg_roles where rolname = role_name) then
                execute format('create role %I nologin', role_name);
            end if;
        exception when duplicate_object or unique_violation then
            null; -- another database was migrated at the same moment
        end;
        if not pg_has_role(current_user, role_name, 'member') then
            begin
                execute format('grant %I to %I', role_name, current_user);
            exception when unique_violation then
                null;
            end;
        end if;
    end loop;
end $$;

create extension if not exists vector;

grant usage on schema public to self_user, self_system;

-- The person whose transaction this is; null outside of one, which matches no row.
create function self_user_id() returns uuid
    language sql stable parallel safe
    as $$ select nullif(current_setting('self.user_id', true), '')::uuid $$;

-- Puts a table under its owner: only rows whose user_id is the transaction's person exist for it.
create procedure protect(protected regclass)
    language plpgsql
    as $$
begin
    execute format('alter table %s enable row level security', protected);
    execute format('alter table %s force row level security', protected);
    execute format(
        'create policy owner on %s to self_user using (user_id = self_user_id()) with check (user_id = self_user_id())',
        protected);
    execute format('grant select, insert, update, delete on %s to self_user', protected);
end $$;

-- Opens a protected table to the machinery that serves everybody.
create procedure open_to_system(opened regclass)
    language plpgsql
    as $$
begin
    execute format('create policy system on %s to self_system using (true) with check (true)', opened);
    execute format('grant select, insert, update, delete on %s to self_system', opened);
end $$;
