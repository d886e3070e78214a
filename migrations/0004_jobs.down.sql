drop function queue_places;
drop table workers;
drop table lanes;
drop table turns;
drop table jobs;
