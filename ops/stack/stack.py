"""Starts and stops a stack, or some of its parts."""

import os
import shutil
import subprocess
from typing import Collection, List, Optional

from ..paths import ROOT
from ..report import Report
from ..trouble import Trouble
from . import process, procfile, servers
from .home import Home, port_is_free
from .launcher import Launcher
from .program import Program


class Stack:
    """The servers and processes of one folder."""

    def __init__(self, home: Home, report: Report) -> None:
        self.home = home
        self.report = report
        self.launcher = Launcher(home.folder, report)

    def up(self, only: Collection[str] = (), servers_only: bool = False, fsync: bool = True) -> None:
        """Starts the parts that do not run, and waits until all are ready.

        Servers start first, then migrations run, then processes start. `only` names some parts.
        """
        with self.home.locked():
            self.home.prepare(fsync)
            for server in servers.all_servers(self.home):
                if not only or server.name in only:
                    self._ensure(server)
            if servers_only:
                return
            processes = [p for p in procfile.processes(self.home) if not only or p.name in only]
            if processes:
                self._migrate()
            for program in processes:
                self._ensure(program)

    def down(self, only: Collection[str] = (), kill: bool = False) -> None:
        """Stops the parts that run: processes first, then the servers."""
        if not self.home.exists:
            return
        with self.home.locked():
            for program in reversed(self.programs()):
                if not only or program.name in only:
                    self.launcher.stop(program, kill)

    def reset(self) -> None:
        """Stops all parts, and removes the folder with data, secrets and logs."""
        self.down()
        shutil.rmtree(self.home.folder, ignore_errors=True)

    def programs(self) -> List[Program]:
        """All parts of the stack, in the order in which they start."""
        return [*servers.all_servers(self.home), *procfile.processes(self.home)]

    def status(self) -> bool:
        """Prints a line for each part, and returns whether all are ready."""
        if not self.home.exists:
            self.report.line("there is no stack yet: `make up` starts one")
            return False
        well = True
        self.report.line(f"  {'':<10} {'':<9}  port      pid   memory  since")
        for program in self.programs():
            running = self.launcher.running(program.name)
            waits_for = program.ready() if running else "stopped"
            well = well and not waits_for
            line = f"  {program.name:<10} {_state(running, waits_for):<9} {self._port(program):>5}"
            if running:
                line += f" {running.pid:>8} {running.resident / 1e6:>5.0f} MB  {_since(running.seconds)}"
                line += f"  {waits_for}" if waits_for else ""
            self.report.line(line)
        return well

    def _ensure(self, program: Program) -> None:
        """Starts a program that does not run, and restarts one that was built again."""
        running = self.launcher.running(program.name)
        if running and running.outdated:
            self.launcher.stop(program)
        elif running and self.launcher.serves(program):
            return
        program = self._settled(program)
        port = self._port(program)
        self.launcher.start(program, note=f"port {port}" if port else "")

    def _settled(self, program: Program) -> Program:
        """The program; with another port, if another program uses its port."""
        port = self._port(program)
        if not port or port_is_free(int(port)):
            return program
        moved = self.home.move_port(program.port_key)
        self.report.line(f"  port {port} is used by another program: {program.name} gets port {moved}")
        return next(p for p in self.programs() if p.name == program.name)

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


def _state(running: Optional[process.Running], waits_for: str) -> str:
    if running is None:
        return "stopped"
    return "not ready" if waits_for else "ready"


def _since(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min {rest:02d} s"
