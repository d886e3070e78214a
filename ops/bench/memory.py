"""The peak memory of a worker and its decoder, for one minute and for two hours of sound.

Both should be similar. Each recording is transcribed by a new worker that has transcribed one minute
before, so that its models are loaded. The peak is VmHWM of the kernel, which is reset in between.
"""

import threading
from pathlib import Path
from typing import Callable, List

from ..report import Report
from .fleet import Fleet, fleet
from .sounds import Sounds

LENGTHS = (1, 120)


def measure(report: Report, sounds: Sounds, folder: Path) -> None:
    peaks = []
    with fleet(report, folder) as running:
        running.remember(sounds.speech(0.9, "flac"))
        for minutes in LENGTHS:
            recording = sounds.speech(minutes, "flac")
            with report.step(f"Transcribing {minutes} min"):
                peaks.append(_peak(running, lambda: running.remember(recording)))
    report.line(f"  {'':<8} {'worker':>9} {'decoder':>9}")
    for minutes, (worker, decoder) in zip(LENGTHS, peaks):
        report.line(f"  {minutes:>4} min {worker:>6.0f} MB {decoder:>6.1f} MB")
    (small, _), (large, _) = peaks
    report.line(f"  ratio    {large / small:>6.2f}")


def _peak(running: Fleet, work: Callable[[], object]) -> "tuple[float, float]":
    """Peaks in MB of the worker, and of the decoders that it started."""
    worker = running.worker
    Path(f"/proc/{worker}/clear_refs").write_text("5")
    decoders: List[float] = [0.0]
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.05):
            decoders.extend(_high_water(child) for child in _children(worker))

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        work()
    finally:
        ended.set()
        watching.join()
    return _high_water(worker), max(decoders)


def _children(process: int) -> List[int]:
    """Children of all threads. A child belongs to the thread that started it."""
    found: List[int] = []
    for tasks in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            found.extend(int(child) for child in tasks.read_text().split())
        except OSError:
            continue  # that thread has ended
    return found


def _high_water(process: int) -> float:
    """The peak memory of a process in MB; 0 when it has ended."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0.0
    lines = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(lines[0].split()[1]) / 1e3 if lines else 0.0
