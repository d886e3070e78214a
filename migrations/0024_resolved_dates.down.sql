drop index mentions_starts;
alter table mentions drop column starts_at, drop column ends_at, drop column precision;
