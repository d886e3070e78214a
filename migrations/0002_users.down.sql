drop table idempotency_keys;
drop table socket_tickets;
drop table refresh_tokens;
drop table sessions;
drop table users;
