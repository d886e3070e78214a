"""`make bench`: measures speed and memory, as ratios against a peer in the same run.

The measurements, each in a module of its own:

- `decoding`: decode and resample, against ffmpeg on one thread, for each format
- `transcription`: a 30-minute recording from acceptance to saved transcript, against the
  package of the model's makers on the same sound
- `latency`: the time from acceptance to start of a job, with an idle worker
- `search`: times and recall with 1,000 to 50,000 passages
- `memory`: the peak memory of a worker for one minute and for two hours of sound
- `files`: reporting and reading files with a million events, against a thousand

Absolute times depend on the machine; ratios can be compared. No result is an error.
"""

import shutil
from pathlib import Path
from typing import Collection

from .. import build
from ..paths import SELF
from ..report import Report, bold
from ..setup import models, provide
from ..trouble import Trouble
from . import decoding, files, latency, memory, search, sounds, transcription

MEASUREMENTS = {
    "decoding": decoding.measure,
    "transcription": transcription.measure,
    "latency": latency.measure,
    "search": search.measure,
    "memory": memory.measure,
    "files": files.measure,
}
FOLDER = SELF / "bench"


def bench(report: Report, only: Collection[str]) -> None:
    """Runs all measurements, or those in `only`, and prints a table for each."""
    if unknown := set(only) - set(MEASUREMENTS):
        raise Trouble(f"there is no measurement {unknown.pop()}; there are {', '.join(MEASUREMENTS)}")
    build.set_up_and_build(report)
    provide([models.ffmpeg(), *([models.peer()] if not only or "transcription" in only else [])], report)
    folder = _empty(FOLDER)
    try:
        material = sounds.Sounds(folder, report)
        for name in only or MEASUREMENTS:
            report.line()
            report.line(bold(name))
            MEASUREMENTS[name](report, material, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _empty(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
