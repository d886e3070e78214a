"""Extracts models that a library of the speech package contains as constants.

A model in the format of ONNX Runtime is a flatbuffer with the letters `ORTM` in its bytes 4 to 8. The
wheels of all platforms contain the same bytes, at different positions. So every position with these
letters is tried, and the hash decides.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

from ..trouble import Trouble

MARK = b"ORTM"
MARKED_AT = 4


@dataclass(frozen=True)
class Inside:
    """A model: its file name, its length in bytes and their SHA-256."""

    name: str
    length: int
    sha256: str


# Voice activity, MIT licence, https://github.com/snakers4/silero-vad.
SILERO_VAD = Inside(
    "silero_vad.ort", 2_421_270, "d9d049deaee25177c0205e3fee85994cd5305fcc783a398e78a8ccdd67449632"
)


def cut_out(model: Inside, library: Path, into: Path) -> None:
    """Writes the model into a folder, as a file of its name."""
    content = library.read_bytes()
    for start in _starts(content):
        piece = content[start:start + model.length]
        if hashlib.sha256(piece).hexdigest() == model.sha256:
            into.mkdir(parents=True, exist_ok=True)
            (into / model.name).write_bytes(piece)
            return
    raise Trouble(f"{library.name} does not contain the model {model.name} of the expected hash")


def _starts(content: bytes) -> Iterator[int]:
    at = content.find(MARK)
    while at != -1:
        if at >= MARKED_AT:
            yield at - MARKED_AT
        at = content.find(MARK, at + 1)
