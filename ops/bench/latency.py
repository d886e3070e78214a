"""The time from acceptance to start of a job, with an idle worker.

Each recording is short (silence, with a length of its own, so that none is a duplicate), and is uploaded when
the job of the one before has ended. Both times are those of the database: `created_at` and `started_at`.
"""

import statistics
import wave
from pathlib import Path

from ..report import Report
from .fleet import fleet
from .sounds import Sounds
from .transcription import moment

UPLOADS = 200


def measure(report: Report, sounds: Sounds, folder: Path) -> None:
    waits = []
    with fleet(report, folder) as running:
        with report.step(f"Uploading {UPLOADS} short recordings, one after the other") as step:
            for number in range(UPLOADS):
                job = running.remember(_silence(folder / "short.wav", 1_600 + number))
                waits.append(1000 * (moment(job["started_at"]) - moment(job["created_at"])))
                step.say(f"{number + 1} of {UPLOADS}")
    percentiles = statistics.quantiles(waits, n=100)
    report.line(f"  p50 {percentiles[49]:.1f} ms   p90 {percentiles[89]:.1f} ms   p99 {percentiles[98]:.1f} ms")


def _silence(path: Path, frames: int) -> Path:
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16_000)
        sound.writeframes(bytes(2 * frames))
    return path
