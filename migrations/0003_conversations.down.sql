drop table segments;
drop table transcriptions;
drop table audio;
drop table conversations;
