"""What surrounds the programs: set-up, a private stack, the demo, the tests and the checks.

Python's standard library only. `python3 -m ops --help` lists the commands; the Makefile names
the ones that people type.
"""
