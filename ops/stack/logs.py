"""Follows the logs of a stack, each line with the name of who wrote it."""

import time
from pathlib import Path
from typing import BinaryIO, Dict

from ..report import dim
from .process import tail


def follow(folder: Path) -> None:
    """Prints the last lines of every log, then what is added, until Ctrl-C."""
    files: Dict[Path, BinaryIO] = {}
    width = 0
    try:
        while True:
            for path in sorted(folder.glob("*.log")):
                if path not in files and not path.name.endswith(".old.log"):
                    width = max(width, len(path.stem))
                    files[path] = open(path, "rb")
                    files[path].seek(0, 2)
                    for line in tail(path, 10).splitlines():
                        print(f"{dim(path.stem.ljust(width))}  {line}")
            wrote = False
            for path, file in files.items():
                for line in file:
                    wrote = True
                    print(f"{dim(path.stem.ljust(width))}  {line.decode(errors='replace').rstrip()}", flush=True)
            if not wrote:
                time.sleep(0.2)
    except (KeyboardInterrupt, BrokenPipeError):
        pass
    finally:
        for file in files.values():
            file.close()
