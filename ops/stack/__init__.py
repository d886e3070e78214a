"""A private stack: PostgreSQL, Redis, NATS, and the processes that the Procfile names.

A stack is a folder (data, logs, process records, and one file with its ports and secrets).
Several may run side by side. Nothing supervises it from the background: `up` starts what is not
running, and may be called again at any time, also after everything was killed.
"""
