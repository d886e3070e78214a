"""Starts and stops single programs, with their records and logs in one folder."""

import signal
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
    """`folder` will contain `pids/` and `logs/`."""

    def __init__(self, folder: Path, report: Report) -> None:
        self.pids = folder / "pids"
        self.logs = folder / "logs"
        self.report = report

    def running(self, name: str) -> Optional[process.Running]:
        return process.find(self.pids / f"{name}.json")

    def start(self, program: Program, note: str = "") -> None:
        """Starts a program that does not run, and waits until it is ready."""
        for folder in (self.pids, self.logs):
            folder.mkdir(parents=True, exist_ok=True)
        with self.report.step(program.name) as step:
            program.prepare()
            log, record = self.logs / f"{program.name}.log", self.pids / f"{program.name}.json"
            child = process.spawn(program.argv, program.env, program.cwd, log, record)
            if not self.serves(program):
                code = child.poll()
                raise Trouble(f"{program.name} ended with exit code {code}; {self._end_of_log(program)}")
            step.note = note

    def serves(self, program: Program) -> bool:
        """Waits until the program is ready; False when it ended. Fails after a time limit."""
        deadline = time.monotonic() + READY_WITHIN
        while waits_for := program.ready():
            if self.running(program.name) is None:
                return False
            if time.monotonic() > deadline:
                raise Trouble(f"{program.name} is not ready ({waits_for}); {self._end_of_log(program)}")
            time.sleep(PROBE_EVERY)
        return True

    def stop(self, program: Program, kill: bool = False) -> None:
        """Stops a program with its stop signal, or at once with SIGKILL."""
        record = self.pids / f"{program.name}.json"
        if self.running(program.name) is None:
            record.unlink(missing_ok=True)
            return
        with self.report.step(f"{program.name} down") as step:
            number = signal.SIGKILL if kill else program.stop_signal
            step.note = process.stop(record, number, program.patience) or ""

    def _end_of_log(self, program: Program) -> str:
        log = self.logs / f"{program.name}.log"
        return f"the end of {log}:\n{process.tail(log)}"
