"""Fetches wheels with pip, by version and hash, and unpacks them.

pip uses the configuration of the machine (index, proxy, certificates). `ops/wheels.txt` is the lock: nothing
else is fetched.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import List, Tuple

from ..paths import CACHE, ROOT
from ..report import Step, megabytes
from ..trouble import Trouble

LOCK = ROOT / "ops" / "wheels.txt"


@dataclass(frozen=True)
class Locked:
    """An entry of the lock."""

    name: str
    version: str
    hashes: Tuple[str, ...]

    @property
    def key(self) -> str:
        """Changes with the version and with any hash."""
        return " ".join((f"{self.name}=={self.version}", *self.hashes))

    @property
    def requirement(self) -> str:
        return " ".join((f"{self.name}=={self.version}", *(f"--hash={h}" for h in self.hashes)))


def locked(name: str) -> Locked:
    text = re.sub(r"\\\n", " ", LOCK.read_text())
    entry = re.search(rf"^{re.escape(name)}==(\S+)(.*)$", text, re.MULTILINE)
    if entry is None:
        raise Trouble(f"{LOCK} does not name {name}")
    return Locked(name, entry[1], tuple(re.findall(r"--hash=(\S+)", entry[2])))


@lru_cache(maxsize=None)
def pip() -> List[str]:
    """The command that runs pip: that of this Python, else that of the system."""
    for python in (sys.executable, "/usr/bin/python3"):
        if python and subprocess.run(
            [python, "-m", "pip", "--version"], capture_output=True
        ).returncode == 0:
            return [python, "-m", "pip"]
    raise Trouble("Python has no pip: install the package python3-pip, then run `make setup`")


def fetch(wheel: Locked, total: int, step: Step) -> Path:
    """Downloads a wheel and returns its path. `total`, the approximate bytes, is for the progress."""
    folder = Path(tempfile.mkdtemp(prefix=f"{wheel.name}-", dir=CACHE))
    lock = folder / "lock.txt"
    lock.write_text(wheel.requirement + "\n")
    command = [
        *pip(), "download", "--quiet", "--disable-pip-version-check", "--no-deps",
        "--only-binary=:all:", "--require-hashes", "--dest", str(folder), "-r", str(lock),
    ]
    process = subprocess.Popen(
        command, env={**os.environ, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )
    while True:
        try:
            said, _ = process.communicate(timeout=0.5)
            break
        except subprocess.TimeoutExpired:
            step.say(f"{megabytes(min(_size(folder), total))} of {megabytes(total)}")
        except BaseException:
            process.kill()
            process.wait()
            raise
    if process.returncode != 0:
        raise Trouble(f"pip could not fetch {wheel.name} {wheel.version}:\n{said.strip()}")
    step.note = megabytes(total)
    return next(folder.glob("*.whl"))


def unpack(wheel: Path, members: str, into: Path) -> None:
    """Unpacks the members whose names match the pattern `members`, flat, into a folder."""
    pattern = re.compile(members)
    into.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel) as archive:
        chosen = [m for m in archive.infolist() if not m.is_dir() and pattern.search(m.filename)]
        if not chosen:
            raise Trouble(f"{wheel.name} contains no member that matches {members}")
        for member in chosen:
            with archive.open(member) as source, open(into / Path(member.filename).name, "wb") as to:
                shutil.copyfileobj(source, to, 1 << 20)


def _size(folder: Path) -> int:
    """The bytes on disk so far. pip moves files, so a listed file may be gone."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            continue
    return total
