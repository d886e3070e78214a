"""Prints the steps of a command, their progress and their times.

Steps may run in parallel. On a terminal, the running steps share one line, which is redrawn. In a log,
each prints a line at intervals. Every step ends with a line of its own.
"""

import os
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Iterator, List, Optional, Tuple

TERMINAL = sys.stdout.isatty()
# In a log: the shortest time between two lines of a running step, in seconds.
SELDOM = 15.0
OFTEN = 0.5


def bold(text: str) -> str:
    return f"\033[1m{text}\033[0m" if TERMINAL else text


def dim(text: str) -> str:
    return f"\033[2m{text}\033[0m" if TERMINAL else text


def seconds(duration: float) -> str:
    """`0.4 s`, `38 s`, `4 min 07 s`."""
    if duration < 10:
        return f"{duration:.1f} s"
    if duration < 60:
        return f"{duration:.0f} s"
    minutes, rest = divmod(round(duration), 60)
    return f"{minutes} min {rest:02d} s"


def megabytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB"


@dataclass
class Step:
    """A running step."""

    title: str
    report: "Report"
    began: float = field(default_factory=time.monotonic)
    note: str = ""
    pace: float = SELDOM
    last_line: float = 0.0

    def say(self, note: str) -> None:
        """Sets the progress, for example `34 of 56 MB`. The last one stays in the line of the step."""
        if note != self.note:
            self.note = note
            self.report.progressed(self)


class Report:
    """The printed lines, and the table of times at the end."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.times: List[Tuple[str, float]] = []
        self._running: List[Step] = []
        self._drawn = False
        self._lock = threading.RLock()

    @contextmanager
    def step(self, title: str, quiet: bool = False, pace: float = SELDOM) -> Iterator[Step]:
        """Runs a step: measures its time and prints whether it succeeded.

        A `quiet` step prints nothing unless it fails. Its time is in the table too.
        """
        step = Step(title, self, pace=pace)
        with self._lock:
            if not quiet:
                self._running.append(step)
            self._draw()
        try:
            yield step
        except BaseException:
            self._end(step, "✗", quiet=False)
            raise
        self._end(step, "✓", quiet)

    def progressed(self, step: Step) -> None:
        with self._lock:
            if TERMINAL:
                self._draw()
            elif step.note and time.monotonic() - step.last_line > step.pace:
                step.last_line = time.monotonic()
                print(f"  … {step.title}: {step.note}", flush=True)

    def line(self, text: str = "") -> None:
        """Prints a line above the one that is redrawn."""
        with self._lock:
            self._erase()
            print(text, flush=True)
            self._draw()

    def table(self, title: str) -> None:
        """Prints the time of each step. Steps overlap, so the total is less than the sum."""
        total = ("from start to end", time.monotonic() - self.began)
        width = max(len(name) for name, _ in [*self.times, total])
        self.line()
        self.line(bold(title))
        for name, duration in self.times:
            self.line(f"  {name:<{width}}  {seconds(duration):>12}")
        self.line(f"  {'─' * (width + 14)}")
        self.line(f"  {total[0]:<{width}}  {seconds(total[1]):>12}")

    def _end(self, step: Step, mark: str, quiet: bool) -> None:
        duration = time.monotonic() - step.began
        with self._lock:
            if step in self._running:
                self._running.remove(step)
            self.times.append((step.title, duration))
            if not quiet:
                note = dim(f" ({step.note})") if step.note else ""
                self.line(f"  {mark} {step.title}{note}  {dim(seconds(duration))}")

    def _draw(self) -> None:
        if not TERMINAL:
            return
        self._erase()
        if self._running:
            parts = [f"{s.title}: {s.note}" if s.note else s.title for s in self._running]
            width = _columns() - 1
            sys.stdout.write(f"  … {'  ·  '.join(parts)}"[:width])
            sys.stdout.flush()
            self._drawn = True

    def _erase(self) -> None:
        if self._drawn:
            sys.stdout.write("\r\033[K")
            self._drawn = False


def _columns() -> int:
    try:
        return os.get_terminal_size().columns
    except OSError:
        return 80


def bar(fraction: Optional[float], width: int = 24) -> str:
    """`[######------]`, empty while the total is unknown."""
    full = round(width * min(max(fraction or 0.0, 0.0), 1.0))
    return f"[{'#' * full}{'-' * (width - full)}]"
