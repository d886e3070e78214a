"""A 30-minute recording: our worker on both cores against the package of the model's makers.

Our time is from the acceptance of the upload to the commit of the last result: fetch, decode, cut,
transcribe, entities, embeddings, all saved. Their time is that of the one call that turns samples in
memory into lines, without reading the file. The texts are compared word by word.
"""

import json
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any, Dict, List

from ..paths import MODELS, PEER
from ..report import Report
from .fleet import fleet
from .sounds import Sounds, length

MINUTES = 30


def measure(report: Report, sounds: Sounds, folder: Path) -> None:
    recording = sounds.speech(MINUTES, rate=16_000, channels=1)
    with fleet(report, folder) as running:
        with report.step("Transcribing with self-worker"):
            job = running.remember(recording)
        transcription = running.client.get(f"/api/v1/transcriptions/{job['transcription_id']}")
    with report.step("Transcribing with their package"):
        theirs = _peer(recording)
    ours_seconds = moment(job["finished_at"]) - moment(job["created_at"])
    seconds = length(recording)
    differing = word_errors(words(transcription["text"]), words(theirs["text"]))
    report.line(f"  ours     {ours_seconds:>7.1f} s  {seconds / ours_seconds:>6.1f} × real time")
    report.line(f"  theirs   {theirs['seconds']:>7.1f} s  {seconds / theirs['seconds']:>6.1f} × real time")
    report.line(f"  ratio    {theirs['seconds'] / ours_seconds:>7.2f} times as fast")
    report.line(f"  words    {100 * differing:.2f} % differ")


def _peer(recording: Path) -> Dict[str, Any]:
    """Runs their package in a process of its own."""
    command = [sys.executable, str(Path(__file__).with_name("peer.py")), str(PEER),
               str(MODELS / "moonshine" / "tiny-en"), str(recording)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    answer: Dict[str, Any] = json.loads(said.splitlines()[-1])
    return answer


def moment(stamp: str) -> float:
    return datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp()


def words(text: str) -> List[str]:
    return re.findall(r"[a-z0-9']+", text.lower())


def word_errors(ours: List[str], theirs: List[str]) -> float:
    """Substitutions, insertions and deletions over the words of `theirs` (Levenshtein)."""
    row = list(range(len(theirs) + 1))
    for i, mine in enumerate(ours, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(theirs, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (mine != other))
    return row[-1] / max(len(theirs), 1)
