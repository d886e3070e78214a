-- Faults in a row around a job, and the time of the first of them.
alter table jobs rename column retries to fault_count;
alter table jobs rename column faulty_since to failing_since;
