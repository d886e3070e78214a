drop procedure open_to_system(regclass);
drop procedure protect(regclass);
drop function self_user_id();
revoke usage on schema public from self_user, self_system;
drop extension vector;
-- The two roles stay: another database of the same server may be using them.
