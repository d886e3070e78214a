"""A private stack: PostgreSQL, Redis, NATS, and the processes that the Procfile names.

A stack is a folder with data, logs, records of processes, and one file with its ports and secrets.
Several can run at the same time. No supervisor runs in the background: `up` starts the parts that do not
run, and can be called again at any time, also after all parts were killed.
"""
