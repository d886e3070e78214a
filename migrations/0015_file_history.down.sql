drop table file_contents;
drop table file_stays;
drop function file_place;
drop index files_opened;
-- Of several files that were at one path, the newest keeps its place there. A table that guards its
-- rows from everybody guards them from its owner, too.
alter table files no force row level security;
delete from files using files later
where later.user_id = files.user_id and later.device = files.device and later.path = files.path
  and (later.changed_at, later.id) > (files.changed_at, files.id);
alter table files
    force row level security,
    drop column written_at,
    add column content text,
    add constraint files_user_id_device_path_key unique (user_id, device, path);
drop index file_events_kind;
alter table file_events drop column content_sha256;
alter table file_events drop constraint file_events_pkey, add primary key (id);
