"""Starting and stopping a stack as a whole, and in parts."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Collection, List, Optional

from ..paths import ROOT
from ..report import Report
from ..trouble import Trouble
from . import process, procfile, servers
from .home import Home, port_is_free
from .program import Program

READY_WITHIN = 90.0
PROBE_EVERY = 0.02


class Stack:
    """The servers and processes that live in one folder."""

    def __init__(self, home: Home, report: Report) -> None:
        self.home = home
        self.report = report

    def up(self, only: Collection[str] = (), servers_only: bool = False, fsync: bool = True) -> None:
        """Starts what does not run and waits until everything serves.

        Servers first, then the migrations, then the processes. `only` names some of them.
        """
        with self.home.locked():
            self.home.prepare(fsync)
            for server in servers.all_servers(self.home):
                if not only or server.name in only:
                    self._start(server)
            if servers_only:
                return
            processes = [p for p in procfile.processes(self.home) if not only or p.name in only]
            if processes:
                self._migrate()
            for program in processes:
                self._start(program)

    def down(self, only: Collection[str] = (), kill: bool = False) -> None:
        """Ends what runs: processes first, then the servers that they lean on."""
        if not self.home.exists:
            return
        with self.home.locked():
            for program in reversed(self.programs()):
                if not only or program.name in only:
                    self._stop(program, kill)

    def reset(self) -> None:
        """Ends everything and removes the folder: data, secrets, logs."""
        self.down()
        shutil.rmtree(self.home.folder, ignore_errors=True)

    def programs(self) -> List[Program]:
        """Everything that belongs to the stack, in the order in which it starts."""
        return [*servers.all_servers(self.home), *procfile.processes(self.home)]

    def status(self) -> bool:
        """Prints a line for each part; answers whether all of them serve."""
        if not self.home.exists:
            self.report.line("there is no stack yet: `make up` starts one")
            return False
        well = True
        self.report.line(f"  {'':<10} {'':<9}  port      pid   memory  since")
        for program in self.programs():
            running = self.running(program.name)
            waits_for = program.ready() if running else "stopped"
            well = well and not waits_for
            line = f"  {program.name:<10} {_state(running, waits_for):<9} {self._port(program):>5}"
            if running:
                line += f" {running.pid:>8} {running.resident / 1e6:>5.0f} MB  {_since(running.seconds)}"
                line += f"  {waits_for}" if waits_for else ""
            self.report.line(line)
        return well

    def running(self, name: str) -> Optional[process.Running]:
        return process.find(self._record(name))

    def _start(self, program: Program) -> None:
        running = self.running(program.name)
        if running and running.outdated:
            self._stop(program)
            running = None
        with self.report.step(program.name, quiet=running is not None) as step:
            child = None
            if running is None:
                program.prepare()
                program = self._settled(program)
                child = process.spawn(
                    program.argv, program.env, program.cwd,
                    self._log(program.name), self._record(program.name),
                )
            self._await(program, child)
            step.note = f"port {self._port(program)}" if program.port_key else ""

    def _await(self, program: Program, child: "Optional[subprocess.Popen[bytes]]") -> None:
        """Asks until it serves; gives up when it ended, or after a while."""
        deadline = time.monotonic() + READY_WITHIN
        while waits_for := program.ready():
            ended = self.running(program.name) is None
            if ended or time.monotonic() > deadline:
                code = f" with exit code {child.poll()}" if child else ""
                what = f"ended{code}" if ended else f"is not ready ({waits_for})"
                log = self._log(program.name)
                raise Trouble(f"{program.name} {what}; the end of {log}:\n{process.tail(log)}")
            time.sleep(PROBE_EVERY)

    def _settled(self, program: Program) -> Program:
        """The program itself, or on another port where a stranger took its own."""
        port = self._port(program)
        if not port or port_is_free(int(port)):
            return program
        moved = self.home.move_port(program.port_key)
        self.report.line(f"  port {port} was taken: {program.name} moves to {moved}")
        fresh = next(p for p in self.programs() if p.name == program.name)
        fresh.prepare()
        return fresh

    def _stop(self, program: Program, kill: bool = False) -> None:
        if self.running(program.name) is None:
            self._record(program.name).unlink(missing_ok=True)
            return
        with self.report.step(f"{program.name} down") as step:
            number = signal.SIGKILL if kill else program.stop_signal
            step.note = process.stop(self._record(program.name), number, program.patience) or ""

    def _migrate(self) -> None:
        with self.report.step("migrations") as step:
            ran = subprocess.run(
                [str(procfile.executable("self-api")), "migrate", "up"],
                cwd=ROOT, env={**os.environ, **self.home.env}, capture_output=True, text=True,
            )
            if ran.returncode != 0:
                raise Trouble(f"`self-api migrate up` failed:\n{(ran.stdout + ran.stderr).strip()}")
            step.note = "".join(ran.stdout.strip().splitlines()[-1:])

    def _port(self, program: Program) -> str:
        return self.home.kept.get(program.port_key, "")

    def _record(self, name: str) -> Path:
        return self.home.pids / f"{name}.json"

    def _log(self, name: str) -> Path:
        return self.home.logs / f"{name}.log"


def _state(running: Optional[process.Running], waits_for: str) -> str:
    if running is None:
        return "stopped"
    return "not ready" if waits_for else "ready"


def _since(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min {rest:02d} s"
