"""Decode, downmix and resample to 16 kHz: the worker's decoder against ffmpeg on one thread.

Both read the same file of 30 minutes (44.1 kHz stereo, Opus at 48 kHz) and discard the sound. They run
alternately, so that a change of the machine's speed affects both. The medians are compared.
"""

import json
import os
import statistics
import subprocess
import time
from pathlib import Path
from typing import List, Optional, Tuple

from ..paths import FFMPEG, binaries
from ..report import Report
from .sounds import FORMATS, Sounds

MINUTES = 30
ROUNDS = 3
ORDER = {
    "limits": {"seconds": 86_400, "channels": 8, "rate": 192_000},
    "memory_bytes": 1 << 30,
    "cpu_seconds": 3_600,
}


def measure(report: Report, sounds: Sounds, folder: Path) -> None:
    rows = []
    for name in FORMATS:
        path = sounds.speech(MINUTES, name)
        with report.step(f"Decoding {name}", quiet=True):
            rows.append((name, *_compare(path)))
        path.unlink()
    report.line(f"  {'':<15} {'ours':>8} {'ffmpeg':>8} {'ratio':>7} {'memory':>9}")
    for name, ours, theirs, memory in rows:
        report.line(f"  {name:<15} {ours:>6.2f} s {theirs:>6.2f} s {ours / theirs:>7.2f} {memory:>6.1f} MB")
    report.line("  ratio: our wall time divided by ffmpeg's; below 1 is faster")


def _compare(path: Path) -> Tuple[float, float, float]:
    ours: List[float] = []
    theirs: List[float] = []
    memory = 0.0
    decoder = [str(binaries() / "self-worker"), "decode", json.dumps(ORDER)]
    ffmpeg = [str(FFMPEG), "-v", "error", "-threads", "1", "-i", str(path), "-ac", "1", "-ar", "16000",
              "-f", "s16le", "pipe:1"]
    for _ in range(ROUNDS):
        seconds, peak = timed(decoder, path)
        ours.append(seconds)
        memory = max(memory, peak)
        theirs.append(timed(ffmpeg, None)[0])
    return statistics.median(ours), statistics.median(theirs), memory


def timed(command: List[str], stdin: Optional[Path]) -> Tuple[float, float]:
    """Wall seconds and peak memory (MB) of a command. Its output is discarded."""
    with open(stdin or os.devnull, "rb") as source:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdin=source, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, command)
    return seconds, usage.ru_maxrss / 1e3
