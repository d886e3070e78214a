-- What was decided can be listed and taken back. Of what is passed over nothing is left that would tell
-- where it was mentioned; so the decision itself remembers.
alter table entity_decisions
    add column id uuid not null default gen_random_uuid(),
    add column transcription_ids uuid[] not null default '{}';
create unique index entity_decisions_id on entity_decisions (id);
create index entity_decisions_decided on entity_decisions (user_id, decided_at desc, id desc);
