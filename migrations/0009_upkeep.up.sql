-- What the house needs to know to keep order.

-- Whether an object has a row: of recordings the system sees the keys, and nothing else.
create policy keys on audio for select to self_system using (true);
grant select (object_key) on audio to self_system;

-- What is forgotten when its time is over is found by that time.
create index sessions_expires on sessions (expires_at);
create index refresh_tokens_expires on refresh_tokens (expires_at);
create index idempotency_keys_created on idempotency_keys (created_at);
