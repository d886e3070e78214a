alter table jobs rename column failing_since to faulty_since;
alter table jobs rename column fault_count to retries;
