"""Tests of what starts and stops things, against real servers and real processes.

Part of `make test`; alone: `python3 -m unittest discover -t . ops/tests`.
"""
