"""`make test`: runs every test, against servers that are started for the run and removed at its end.

The tests read variables: those of the stack with the prefix `SELF_TEST_` (`SELF_TEST_DB_PORT`,
`SELF_TEST_REDIS_URL`, …), and the paths of binaries, tools and recordings.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Dict, Iterator, Sequence

from . import setup
from .build import cargo
from .paths import (
    FFMPEG, MODELS, NODE, QDRANT, RECORDINGS, ROOT, RUNS, SCHEMATHESIS, TOOLS, TYPESCRIPT, binaries,
)
from .report import Report, Step
from .stack import process
from .stack.home import Home
from .stack.stack import Stack
from .trouble import Trouble

# The same features for programs and tests, so that nothing is compiled twice.
BUILD = ("build", "--release", "--locked", "--workspace", "--all-targets")


def test(report: Report, arguments: Sequence[str] = ()) -> int:
    """Passes `arguments` to `cargo test` and returns its exit code."""
    setup.set_up_beside(report, lambda: cargo(report, "Building programs and tests", BUILD), tests=True)
    if not arguments:
        with report.step("Tests of set-up and supervision") as step:
            _test_ops(step)
    command = ["cargo", "test", "--release", "--locked", "--workspace", *arguments]
    with run_folder(report) as folder, servers(report, folder) as home:
        return run(report, command, variables(home))


def _test_ops(step: Step) -> None:
    # In these tests processes outlive the Popen objects that started them. Python would warn about each.
    quiet = ["-W", "ignore::ResourceWarning"]
    ran = subprocess.run(
        [sys.executable, *quiet, "-m", "unittest", "discover", "-t", ".", "ops/tests"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )
    if ran.returncode != 0:
        raise Trouble(ran.stdout.strip())
    step.note = "".join(re.findall(r"^Ran (\d+ tests)", ran.stdout, re.MULTILINE))


def run(report: Report, command: Sequence[str], extra: Dict[str, str]) -> int:
    """Runs a command with additional variables; its output is printed as it comes."""
    report.line()
    with report.step("Tests", quiet=True):
        running = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **extra})
        try:
            return running.wait()
        except KeyboardInterrupt:
            # Ctrl-C reaches cargo from the terminal. A SIGTERM reaches only this process: pass it on.
            running.terminate()
            running.wait()
            raise


@contextmanager
def run_folder(report: Report) -> Iterator[Path]:
    """A folder for one run. It is removed at the end, also after a failure."""
    _sweep(report)
    RUNS.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=RUNS))
    process.remember(folder / "owner.json", os.getpid())
    try:
        yield folder
    finally:
        _remove(folder)


@contextmanager
def servers(report: Report, folder: Path) -> Iterator[Home]:
    """Servers without fsync. They are stopped at the end."""
    stack = Stack(Home(folder / "stack"), report)
    try:
        stack.up(servers_only=True, fsync=False)
        yield stack.home
    finally:
        stack.reset()


def variables(home: Home) -> Dict[str, str]:
    own = {f"SELF_TEST_{name}": value for name, value in home.env.items()}
    return {
        **own,
        "SELF_TEST_BIN": str(binaries()),
        "SELF_TEST_TOOLS": str(TOOLS),
        "SELF_TEST_MODELS": str(MODELS),
        "SELF_TEST_RECORDINGS": str(RECORDINGS),
        "SELF_TEST_FFMPEG": str(FFMPEG),
        "SELF_TEST_SCHEMATHESIS": str(SCHEMATHESIS),
        "SELF_TEST_NODE": str(NODE),
        "SELF_TEST_TYPESCRIPT": str(TYPESCRIPT),
        "SELF_TEST_QDRANT": str(QDRANT),
        "SELF_TEST_RUN": str(home.folder.parent),
    }


def _sweep(report: Report) -> None:
    """Stops the processes and removes the folders of earlier runs that were killed."""
    for owner in RUNS.glob("*/owner.json"):
        if process.find(owner) is None:
            _remove(owner.parent)


def _remove(folder: Path) -> None:
    """Stops all processes of a run that still exist, and removes its folder."""
    for record in folder.glob("**/pids/*.json"):
        process.stop(record, signal.SIGKILL, patience=0)
    shutil.rmtree(folder, ignore_errors=True)
