"""A part of the set-up: its name, its files, and how they are made.

A complete part has a stamp with its key (pinned versions and hashes). While the stamp has the current key
and the files exist, the part is not made again. So a second `make setup` only reads a few files.
"""

import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Callable, Iterator, Sequence, Tuple

from ..paths import CACHE, SELF, STAMPS
from ..report import Report, Step


@dataclass(frozen=True)
class Part:
    """Something that the programs need before they can run."""

    name: str
    title: str
    key: str
    targets: Tuple[Path, ...]
    make: Callable[[Step], None]

    @property
    def done(self) -> bool:
        stamp = STAMPS / self.name
        stamped = stamp.is_file() and stamp.read_text() == self.key
        return stamped and all(target.exists() for target in self.targets)

    def run(self, report: Report) -> None:
        with report.step(self.title) as step:
            self.make(step)
            STAMPS.mkdir(parents=True, exist_ok=True)
            (STAMPS / self.name).write_text(self.key)


def missing(parts: Sequence[Part]) -> Sequence[Part]:
    return [part for part in parts if not part.done]


def provide(parts: Sequence[Part], report: Report) -> None:
    """Makes all missing parts in parallel. When all have ended, the first failure is raised."""
    if not missing(parts):
        return
    with _alone():
        todo = missing(parts)
        with ThreadPoolExecutor(max_workers=len(todo) or 1) as pool:
            for made in as_completed([pool.submit(part.run, report) for part in todo]):
                made.result()


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """An empty folder. It replaces `target` at the end of the block."""
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f"{target.name}-", dir=CACHE))
    fresh.chmod(0o755)
    yield fresh
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)


@contextmanager
def _alone() -> Iterator[None]:
    """Runs one set-up at a time. Unfinished files of an earlier one are removed before and after."""
    SELF.mkdir(exist_ok=True)
    with open(SELF / "setup.lock", "w") as file:
        flock(file, LOCK_EX)
        shutil.rmtree(CACHE, ignore_errors=True)
        CACHE.mkdir()
        try:
            yield
        finally:
            shutil.rmtree(CACHE, ignore_errors=True)
