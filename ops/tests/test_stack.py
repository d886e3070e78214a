"""A stack of real servers: it starts again after every kind of stop, and leaves nothing behind."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest
from pathlib import Path
from typing import List

from ops.paths import POSTGRES, RUNS
from ops.report import Report
from ops.stack import process
from ops.stack.home import Home
from ops.stack.stack import Stack

SERVERS = ("postgres", "redis", "nats")


class Silent(Report):
    def line(self, text: str = "") -> None:
        pass


class Stacks(unittest.TestCase):
    def setUp(self) -> None:
        RUNS.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix="ops-", dir=RUNS))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        process.remember(folder / "owner.json", os.getpid())
        self.home = Home(folder / "stack")
        self.stack = Stack(self.home, Silent())
        self.addCleanup(self.stack.reset)

    def up(self) -> None:
        self.stack.up(servers_only=True, fsync=False)

    def pids(self) -> List[int]:
        found = [self.stack.launcher.running(name) for name in SERVERS]
        return [running.pid for running in found if running]

    def sql(self, statement: str) -> str:
        env = self.home.env
        command = [str(POSTGRES / "bin/psql"), "-qtA", "-h", env["DB_HOST"], "-p", env["DB_PORT"]]
        return subprocess.run(
            [*command, "-U", env["DB_USER"], "-c", statement, env["DB_NAME"]],
            env={"LD_LIBRARY_PATH": str(POSTGRES / "lib"), "PGPASSWORD": env["DB_PASSWORD"]},
            check=True, capture_output=True, text=True,
        ).stdout.strip()

    def test_everything_comes_back_with_its_data_after_a_crash(self) -> None:
        self.up()
        self.sql("create extension vector; create table kept (at halfvec(2))")
        self.sql("insert into kept values ('[1,2]')")
        for pid in self.pids():
            os.kill(pid, signal.SIGKILL)
        self.up()
        self.assertEqual(self.sql("select at from kept"), "[1,2]")

    def test_starting_what_runs_changes_nothing(self) -> None:
        self.up()
        before, env = self.pids(), self.home.env
        self.up()
        self.assertEqual((self.pids(), self.home.env), (before, env))

    def test_one_server_is_stopped_and_started_alone(self) -> None:
        self.up()
        before = self.pids()
        self.stack.down(["redis"])
        self.assertEqual(self.pids(), [before[0], before[2]])
        self.stack.up(["redis"])
        self.assertEqual(len(self.pids()), 3)

    def test_a_server_whose_port_was_taken_moves(self) -> None:
        self.home.prepare(fsync=False)
        taken = self.home.kept["REDIS_PORT"]
        with socket.socket() as stranger:
            stranger.bind(("127.0.0.1", int(taken)))
            stranger.listen()
            self.up()
        self.assertNotEqual(self.home.kept["REDIS_PORT"], taken)
        self.assertEqual(len(self.pids()), 3)

    def test_a_database_that_was_left_half_made_is_made_anew(self) -> None:
        self.home.prepare(fsync=False)
        (self.home.data / "postgres.new" / "base").mkdir(parents=True)
        self.up()
        self.assertEqual(self.sql("select 1"), "1")

    def test_secrets_are_read_by_their_owner_only(self) -> None:
        self.up()
        for name in ("env", "redis.conf", "nats.conf"):
            self.assertEqual((self.home.folder / name).stat().st_mode & 0o777, 0o600, name)
        commands = [Path(f"/proc/{pid}/cmdline").read_text() for pid in self.pids()]
        for secret in (value for key, value in self.home.kept.items() if key.endswith("PASSWORD")):
            self.assertFalse([command for command in commands if secret in command])

    def test_a_stack_that_is_reset_leaves_nothing(self) -> None:
        self.up()
        self.stack.reset()
        self.assertFalse(self.home.folder.exists())
        self.assertEqual(process.working_in(self.home.folder), [])
