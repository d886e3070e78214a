"""The exception for problems that a person can solve: one sentence, with what to do."""


class Trouble(Exception):
    """Something outside the program is missing or failed. It is printed without a traceback."""
