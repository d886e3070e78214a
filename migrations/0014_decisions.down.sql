alter table entities drop column version;
drop table entity_decisions;
