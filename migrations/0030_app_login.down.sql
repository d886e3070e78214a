-- The login stays: it belongs to the server, and other databases may use it.
drop procedure switch_vector_mirror(boolean);
