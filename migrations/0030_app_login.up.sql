-- The programs log in as a user that owns nothing (`DB_APP_USER`). So the one thing that only the owner of
-- the tables can do at run time becomes a procedure of the owner.
create procedure switch_vector_mirror(switch_on boolean)
    language plpgsql security definer set search_path = public set lock_timeout = '3s'
    as $$
begin
    if switch_on then
        alter table conversation_embeddings enable trigger mirror;
        alter table file_embeddings enable trigger mirror;
        insert into vector_mirror default values on conflict do nothing;
    else
        alter table conversation_embeddings disable trigger mirror;
        alter table file_embeddings disable trigger mirror;
        truncate vector_changes;
        delete from vector_mirror;
    end if;
end $$;
revoke all on procedure switch_vector_mirror from public;
grant execute on procedure switch_vector_mirror to self_system;
