"""Sounds for the measurements: the recordings of the set-up, repeated to any length."""

import math
import subprocess
import wave
from pathlib import Path
from typing import Dict, List, Sequence

from ..paths import FFMPEG, RECORDINGS
from ..report import Report

# How each format is made from a wav file: the file extension, and the arguments of ffmpeg.
FORMATS: Dict[str, Sequence[str]] = {
    "wav": ("wav", "-c:a", "pcm_s16le"),
    "mp3": ("mp3", "-c:a", "libmp3lame", "-b:a", "128k"),
    "m4a": ("m4a", "-c:a", "aac", "-b:a", "128k"),
    "flac": ("flac", "-c:a", "flac"),
    "vorbis in ogg": ("ogg", "-c:a", "libvorbis", "-q:a", "4"),
    "opus in ogg": ("opus", "-c:a", "libopus", "-b:a", "64k"),
    "opus in webm": ("webm", "-c:a", "libopus", "-b:a", "64k"),
}


class Sounds:
    """Makes each file once, in the folder of the run."""

    def __init__(self, folder: Path, report: Report) -> None:
        self.folder = folder
        self.report = report

    def speech(self, minutes: float, name: str = "wav", rate: int = 44_100, channels: int = 2) -> Path:
        """Speech with a length, rate and number of channels, in one of the formats."""
        ending, *how = FORMATS[name]
        path = self.folder / f"speech-{minutes:g}-{rate}-{channels}-{name.replace(' ', '-')}.{ending}"
        if path.exists():
            return path
        source = RECORDINGS / "two_cities.wav"
        repeats = math.ceil(minutes * 60 / length(source))
        with self.report.step(f"Making {minutes:g} min of speech as {name}"):
            self._ffmpeg(["-stream_loop", str(repeats), "-i", str(source), "-t", str(minutes * 60),
                          "-ar", str(rate if "opus" not in name else 48_000), "-ac", str(channels), *how], path)
        return path

    def _ffmpeg(self, arguments: List[str], path: Path) -> None:
        subprocess.run([str(FFMPEG), "-v", "error", "-y", *arguments, str(path)], check=True)


def length(path: Path) -> float:
    """The length of a wav file in seconds."""
    with wave.open(str(path)) as sound:
        return sound.getnframes() / sound.getframerate()
