"""Tests of set-up and of starting and stopping, against real servers and processes.

They are a part of `make test`. Alone: `python3 -m unittest discover -t . ops/tests`.
"""
