-- Vectors are here, and may be mirrored in Qdrant, which compares them when a person has more than
-- PostgreSQL compares in good time. What is still to be carried there: passages that came, changed or
-- went, in their order. It points at no row, since what is gone has to go there as well.
create table vector_changes (
    seq        bigint generated always as identity primary key,
    user_id    uuid not null,
    passage_id uuid not null
);
create index vector_changes_user on vector_changes (user_id, seq);
call protect('vector_changes');
call open_to_system('vector_changes');

-- One row while there is a mirror, none otherwise.
create table vector_mirror (
    only_one  boolean primary key default true check (only_one),
    filled_to uuid,       -- what was there before the mirror is noted person by person, up to this one …
    filled_at timestamptz -- … and was noted for everybody then
);
grant select on vector_mirror to self_user;
grant select, insert, update, delete on vector_mirror to self_system;

-- Runs as the system, since a person's rows also go when the person does.
create function note_vector_change() returns trigger
    language plpgsql security definer set search_path = public
    as $$
begin
    insert into vector_changes (user_id, passage_id)
    values (coalesce(new.user_id, old.user_id), coalesce(new.id, old.id));
    return null;
end $$;
revoke all on function note_vector_change from public;
grant create on schema public to self_system;
alter function note_vector_change owner to self_system;
revoke create on schema public from self_system;

-- Off until there is a mirror, so that nobody else pays for it.
create trigger mirror after insert or update of embedding or delete on conversation_embeddings
    for each row execute function note_vector_change();
create trigger mirror after insert or update of embedding or delete on file_embeddings
    for each row execute function note_vector_change();
alter table conversation_embeddings disable trigger mirror;
alter table file_embeddings disable trigger mirror;
