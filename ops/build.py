"""Builds the programs for release, while set-up fetches what is missing."""

import os
import re
import signal
import subprocess
from typing import Dict, List, Sequence

from . import setup
from .paths import ROOT
from .report import Report, Step
from .trouble import Trouble

def set_up_and_build(report: Report) -> None:
    # Cargo unites the features of all packages that are built together. The tests also build the whole
    # workspace. So `make test` after `make demo` compiles no dependency again.
    command = ("build", "--release", "--locked", "--workspace", "--bins")
    setup.set_up_beside(report, lambda: cargo(report, "Building self-api and self-worker", command))


def cargo(report: Report, title: str, arguments: Sequence[str]) -> None:
    """Runs cargo as a step of its own."""
    with report.step(title) as step:
        run_cargo(step, arguments, dict(os.environ))


def run_cargo(step: Step, arguments: Sequence[str], env: Dict[str, str]) -> None:
    """Runs cargo and shows its progress in one line. When cargo fails, the error has all its output."""
    progress = {
        "CARGO_TERM_PROGRESS_WHEN": "always",
        "CARGO_TERM_PROGRESS_WIDTH": "100",
        "CARGO_TERM_COLOR": "never",
    }
    process = subprocess.Popen(
        ["cargo", *arguments], cwd=ROOT, env={**env, **progress}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )
    said: List[str] = []
    try:
        _watch(process, step, said)
        code = process.wait()
    except BaseException:
        process.terminate()
        process.wait()
        raise
    if code != 0:
        how = "failed" if code > 0 else f"was ended by {signal.Signals(-code).name}"
        raise Trouble("\n".join([f"`cargo {' '.join(arguments)}` {how}:", *said]))


def _watch(process: "subprocess.Popen[bytes]", step: Step, said: List[str]) -> None:
    """Reads cargo's own progress bar (`123/456: name…`, redrawn) and keeps its other lines."""
    assert process.stdout is not None
    pending = b""
    while chunk := os.read(process.stdout.fileno(), 65536):
        *lines, pending = re.split(rb"[\r\n]+", pending + chunk)
        for raw in lines:
            line = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", raw.decode(errors="replace")).rstrip()
            if progress := re.search(r"\[[=> ]*\] +(\d+)/(\d+)", line):
                step.say(f"{progress[1]} of {progress[2]}")
            elif "Blocking waiting for file lock" in line:
                step.say("waiting for another cargo to finish")
            elif line and not re.match(r"\s*(Compiling|Downloaded|Downloading|Fresh) ", line):
                said.append(line)
