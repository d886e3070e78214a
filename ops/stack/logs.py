"""Follows the logs of a stack. Each line begins with the name of its program."""

import time
from pathlib import Path
from typing import BinaryIO, Dict, Iterable

from ..report import dim
from .process import tail


def follow(folder: Path) -> None:
    """Prints the last lines of every log, then new lines, until Ctrl-C."""
    files: Dict[Path, BinaryIO] = {}
    try:
        while True:
            for path in sorted(folder.glob("*.log")):
                if path not in files and not path.name.endswith(".old.log"):
                    files[path] = open(path, "rb")
                    files[path].seek(0, 2)
                    _print(path, tail(path, 10).splitlines())
            wrote = False
            for path, file in files.items():
                lines = [line.decode(errors="replace").rstrip() for line in file]
                wrote = wrote or bool(lines)
                _print(path, lines)
            if not wrote:
                time.sleep(0.2)
    except (KeyboardInterrupt, BrokenPipeError):
        pass
    finally:
        for file in files.values():
            file.close()


def _print(path: Path, lines: Iterable[str]) -> None:
    for line in lines:
        print(f"{dim(f'{path.stem:<8}')}  {line}", flush=True)
