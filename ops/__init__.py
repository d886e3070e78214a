"""Set-up, a private stack, the demo, tests and measurements of the two programs.

It uses Python's standard library only. `python3 -m ops --help` lists the commands. The Makefile has a
target for each command that people type.
"""
