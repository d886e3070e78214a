"""Records of processes: how a process is recognised, and how it is stopped."""

import json
import os
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from ops.stack import process


class Processes(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(subprocess.run, ["rm", "-r", str(self.folder)])
        self.record = self.folder / "one.json"

    def start(self, *command: str) -> "subprocess.Popen[bytes]":
        child = process.spawn(list(command), dict(os.environ), self.folder, self.folder / "log", self.record)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        return child

    def test_a_process_is_found_by_its_record_until_it_ends(self) -> None:
        child = self.start("sleep", "60")
        found = process.find(self.record)
        self.assertIsNotNone(found)
        self.assertEqual(found.pid if found else None, child.pid)
        child.kill()
        child.wait()
        self.assertIsNone(process.find(self.record))

    def test_a_zombie_counts_as_ended(self) -> None:
        child = self.start("true")
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        self.assertIsNone(process.find(self.record))

    def test_a_stranger_with_the_same_id_is_left_alone(self) -> None:
        child = self.start("sleep", "60")
        for change in ({"started": 1}, {"boot": "another"}):
            kept = json.loads(self.record.read_text())
            self.record.write_text(json.dumps({**kept, **change}))
            self.assertIsNone(process.stop(self.record, signal.SIGKILL, patience=5))
            self.assertIsNone(child.poll())
            process.remember(self.record, child.pid)

    def test_who_does_not_listen_is_killed(self) -> None:
        child = self.start("sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 60; done")
        while "deaf" not in process.tail(self.folder / "log"):
            time.sleep(0.01)
        self.assertEqual(process.stop(self.record, signal.SIGTERM, patience=0.2), "killed")
        self.assertEqual(child.wait(), -signal.SIGKILL)
        self.assertFalse(self.record.exists())

    def test_a_broken_record_is_no_process(self) -> None:
        self.record.write_text("{")
        self.assertIsNone(process.find(self.record))
