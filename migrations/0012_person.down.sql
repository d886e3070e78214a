drop table erasures;
drop index users_keep;
alter table users drop column version, drop column erased_at;
