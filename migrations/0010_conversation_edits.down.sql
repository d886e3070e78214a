drop index conversations_updated;
drop index conversations_tags;
alter table conversations drop column words, drop column speakers;
