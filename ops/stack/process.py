"""Processes that outlive the command that started them, and are found again by their records.

A record has the process id, its start time and the id of the machine's boot. Signals are sent only to a
process that matches all three, and through a pidfd. So another process that has the same id by now is never
signalled.
"""

import json
import os
import select
import signal
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterator, List, Optional

BOOT = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
LOG_LIMIT = 32 << 20


@dataclass(frozen=True)
class Running:
    """A running process with a record."""

    pid: int
    started: int

    @property
    def seconds(self) -> float:
        """The seconds since its start."""
        uptime = float(Path("/proc/uptime").read_text().split()[0])
        return uptime - self.started / os.sysconf("SC_CLK_TCK")

    @property
    def resident(self) -> int:
        """Its resident memory in bytes."""
        try:
            pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        except (FileNotFoundError, ProcessLookupError):
            return 0
        return pages * os.sysconf("SC_PAGE_SIZE")

    @property
    def outdated(self) -> bool:
        """Whether its program was built again since it started."""
        try:
            return os.readlink(f"/proc/{self.pid}/exe").endswith(" (deleted)")
        except OSError:
            return False


def find(record: Path) -> Optional[Running]:
    """The process of a record, if it still runs, else None."""
    try:
        kept = json.loads(record.read_text())
    except (FileNotFoundError, ValueError):
        return None
    started = _started(kept["pid"])
    if kept["boot"] != BOOT or started is None or started != kept["started"]:
        return None
    return Running(kept["pid"], started)


def remember(record: Path, pid: int) -> None:
    record.parent.mkdir(parents=True, exist_ok=True)
    fresh = record.with_suffix(".new")
    fresh.write_text(json.dumps({"pid": pid, "started": _started(pid), "boot": BOOT}))
    fresh.rename(record)


def spawn(
    argv: List[str], env: Dict[str, str], cwd: Path, log: Path, record: Path
) -> "subprocess.Popen[bytes]":
    """Starts a process in a session of its own, and appends its output to a log."""
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.rename(log.with_suffix(".old.log"))
    with open(log, "ab") as out:
        process = subprocess.Popen(
            argv, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            start_new_session=True,
        )
    remember(record, process.pid)
    return process


def stop(record: Path, number: signal.Signals, patience: float) -> Optional[str]:
    """Signals the process of a record, and kills it after `patience` seconds.

    Returns `stopped` or `killed`, or None when it did not run.
    """
    ended: Optional[str] = None
    with _handle(record) as handle:
        if handle is not None:
            _signal(handle, number)
            ended = "stopped" if number != signal.SIGKILL else "killed"
            if not _wait(handle, patience):
                _signal(handle, signal.SIGKILL)
                ended = "killed"
                _wait(handle, 10)
    record.unlink(missing_ok=True)
    return ended


def working_in(folder: Path) -> List[int]:
    """Processes with a current folder that is this one or below it."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                at = Path(os.readlink(entry / "cwd"))
            except OSError:
                continue
            if (at == folder or folder in at.parents) and _started(int(entry.name)) is not None:
                found.append(int(entry.name))
    return found


def end_stray(pid: int, folder: Path) -> None:
    """Kills a process without a record that works in this folder, and waits for its end."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        if pid in working_in(folder):
            _signal(handle, signal.SIGKILL)
            _wait(handle, 10)
    finally:
        os.close(handle)


def tail(log: Path, lines: int = 15) -> str:
    try:
        with open(log, "rb") as file:
            file.seek(max(0, log.stat().st_size - 8192))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return ""


def _started(pid: int) -> Optional[int]:
    """The start time of a process, in clock ticks since boot; None if it ended, also as a zombie."""
    try:
        # The name of the program is in parentheses, and may itself contain spaces and parentheses.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else int(fields[19])


@contextmanager
def _handle(record: Path) -> Iterator[Optional[int]]:
    """A pidfd of the recorded process, checked after it was opened."""
    running = find(record)
    if running is None:
        yield None
        return
    try:
        handle = os.pidfd_open(running.pid)
    except ProcessLookupError:
        yield None
        return
    try:
        yield handle if find(record) == running else None
    finally:
        os.close(handle)


def _signal(handle: int, number: signal.Signals) -> None:
    try:
        signal.pidfd_send_signal(handle, number)
    except ProcessLookupError:
        pass  # It has ended.


def _wait(handle: int, patience: float) -> bool:
    """Whether the process ends in time. A pidfd becomes readable at the end of its process."""
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    return bool(poll.poll(patience * 1000))
