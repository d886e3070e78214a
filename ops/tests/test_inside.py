"""A model is found in a library by its hash, at any position."""

import hashlib
import tempfile
import unittest
from pathlib import Path

from ops.setup.inside import Inside, cut_out
from ops.trouble import Trouble

MODEL = bytes(4) + b"ORTM" + bytes(range(200))
OTHER = bytes(4) + b"ORTM" + bytes(200)
WANTED = Inside("wanted.ort", len(MODEL), hashlib.sha256(MODEL).hexdigest())


class Models(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def library(self, content: bytes) -> Path:
        path = self.folder / "library.so"
        path.write_bytes(content)
        return path

    def test_a_model_is_found_behind_others_and_behind_what_only_looks_like_one(self) -> None:
        library = self.library(b"ORTM" + b"\x7fELF" * 9 + OTHER + b"ORTM" + MODEL + b"more")
        cut_out(WANTED, library, self.folder / "models")
        self.assertEqual((self.folder / "models" / "wanted.ort").read_bytes(), MODEL)

    def test_a_library_without_the_model_is_refused_by_name(self) -> None:
        for content in (b"", OTHER, MODEL[:-1]):
            with self.assertRaisesRegex(Trouble, "wanted.ort"):
                cut_out(WANTED, self.library(content), self.folder / "models")
