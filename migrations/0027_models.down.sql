drop table last_models;
alter table workers drop column models;
