"""The one exception for what a person can put right: a sentence, and how to go on."""


class Trouble(Exception):
    """Something is missing or went wrong outside the program. Printed without a traceback."""
