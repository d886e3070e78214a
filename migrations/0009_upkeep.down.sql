drop index idempotency_keys_created;
drop index refresh_tokens_expires;
drop index sessions_expires;
revoke select (object_key) on audio from self_system;
drop policy keys on audio;
