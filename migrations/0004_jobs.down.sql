drop table workers;
drop table lanes;
drop table jobs;
