"""The Procfile: the names of the processes, and their commands.

A line is `name: command`; a command may begin with variables (`LANES=text=2 self-worker run`).
Programs are searched among the release binaries first.
"""

import os
import re
import shlex
from pathlib import Path
from typing import List

from ..paths import ROOT, binaries
from ..trouble import Trouble
from .home import Home
from .program import Program, serves

# The variable with the port of a process's health address, and the key of that port in the stack's file.
HEALTH = {"api": ("PORT", "API_PORT"), "worker": ("WORKER_PORT", "WORKER_PORT")}


def processes(home: Home) -> List[Program]:
    """The processes of the Procfile, in its order, with the stack's variables."""
    text = (ROOT / "Procfile").read_text()
    lines = re.findall(r"^([\w-]+):\s*(\S.*)$", text, re.MULTILINE)
    return [_process(home, name, command) for name, command in lines]


def executable(name: str) -> Path:
    """The path of a release binary. It must be built already."""
    path = binaries() / name
    if not path.exists():
        raise Trouble(f"{path} is missing: run `make build`")
    return path


def _check(name: str) -> None:
    executable(name)


def _process(home: Home, name: str, command: str) -> Program:
    words = shlex.split(command)
    env = {**os.environ, **home.env}
    while words and re.match(r"^[A-Z_]+=", words[0]):
        variable, value = words.pop(0).split("=", 1)
        env[variable] = value
    variable, port_key = HEALTH.get(name, ("", ""))
    address = f"http://127.0.0.1:{env.get(variable)}/health/ready"
    return Program(
        name=name,
        argv=[str(binaries() / words[0]), *words[1:]],
        env=env,
        cwd=ROOT,
        ready=(lambda: serves(address)) if port_key else (lambda: ""),
        prepare=lambda: _check(words[0]),
        port_key=port_key,
        # A worker hands its jobs back before it ends.
        patience=60,
    )
