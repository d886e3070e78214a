"""Starts and stops single programs whose records and logs lie in one folder."""

import signal
import subprocess
import time
from pathlib import Path
from typing import Optional

from ..report import Report
from ..trouble import Trouble
from . import process
from .program import Program

READY_WITHIN = 90.0
PROBE_EVERY = 0.02


class Launcher:
    """`folder` gets `pids/` and `logs/`."""

    def __init__(self, folder: Path, report: Report) -> None:
        self.pids = folder / "pids"
        self.logs = folder / "logs"
        self.report = report

    def running(self, name: str) -> Optional[process.Running]:
        return process.find(self.pids / f"{name}.json")

    def start(self, program: Program, note: str = "") -> None:
        """Starts a program that does not run, and waits until it serves."""
        for folder in (self.pids, self.logs):
            folder.mkdir(parents=True, exist_ok=True)
        with self.report.step(program.name) as step:
            program.prepare()
            log, record = self.logs / f"{program.name}.log", self.pids / f"{program.name}.json"
            child = process.spawn(program.argv, program.env, program.cwd, log, record)
            self.wait(program, child)
            step.note = note

    def wait(self, program: Program, child: "Optional[subprocess.Popen[bytes]]" = None) -> None:
        """Asks until it serves; gives up when it ended, or after a while."""
        deadline = time.monotonic() + READY_WITHIN
        while waits_for := program.ready():
            ended = self.running(program.name) is None
            if ended or time.monotonic() > deadline:
                code = f" with exit code {child.poll()}" if child else ""
                what = f"ended{code}" if ended else f"is not ready ({waits_for})"
                log = self.logs / f"{program.name}.log"
                raise Trouble(f"{program.name} {what}; the end of {log}:\n{process.tail(log)}")
            time.sleep(PROBE_EVERY)

    def stop(self, program: Program, kill: bool = False) -> None:
        """Ends a program in its own way, or at once as a crash would."""
        record = self.pids / f"{program.name}.json"
        if self.running(program.name) is None:
            record.unlink(missing_ok=True)
            return
        with self.report.step(f"{program.name} down") as step:
            number = signal.SIGKILL if kill else program.stop_signal
            step.note = process.stop(record, number, program.patience) or ""
