-- The transcripts that count: of each recording the newest that is complete, and every complete one that
-- came as text. "Newest" goes by the database's clock alone. An id carries the clock of the program that
-- made it, so it only decides between two of the same moment.
create view current_transcriptions with (security_invoker = true) as
select t.id, t.user_id, t.conversation_id, t.audio_id, t.warnings, t.created_at
from transcriptions t
where t.completed_at is not null
  and not exists (select from transcriptions newer
                  where newer.audio_id = t.audio_id and newer.completed_at is not null
                    and (newer.created_at, newer.id) > (t.created_at, t.id));

grant select on current_transcriptions to self_user;
