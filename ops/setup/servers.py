"""Redis and NATS: the servers on PATH if they are new enough, else those of the distribution's packages,
which are unpacked below `.self/` and not installed."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Optional, Tuple

from ..paths import NATS_SERVER, REDIS_SERVER
from ..report import Step
from ..trouble import Trouble
from . import debian
from .parts import Part, replacing

REDIS_WANTED = (6, 2)
# Older servers ignore some features of JetStream silently: several filter subjects, metadata.
NATS_WANTED = (2, 10)

# Sets the path of its libraries, then executes the server with the same process id.
REDIS_LAUNCHER = """#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
LD_LIBRARY_PATH="$here/../lib" exec "$here/../libexec/redis-server" "$@"
"""


def redis() -> Part:
    return Part("redis", "Redis", "1", (REDIS_SERVER,), _make_redis)


def nats() -> Part:
    wanted = ".".join(map(str, NATS_WANTED))
    return Part("nats", f"NATS (at least {wanted})", f"1 {wanted}", (NATS_SERVER,), _make_nats)


def version(program: Path, option: str) -> Tuple[int, ...]:
    """The first version number that a program prints; empty when it does not run."""
    try:
        said = subprocess.run([str(program), option], capture_output=True, text=True).stdout
    except OSError:
        return ()
    number = re.search(r"v=?(\d+(?:\.\d+)+)", said)
    return tuple(map(int, number[1].split("."))) if number else ()


def _on_path(program: str, wanted: Tuple[int, ...]) -> Optional[Path]:
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin")
    if found and version(Path(found), "--version") >= wanted:
        return Path(found)
    return None


def _make_redis(step: Step) -> None:
    home = REDIS_SERVER.parent.parent
    with replacing(home) as folder:
        (folder / "bin").mkdir()
        if own := _on_path("redis-server", REDIS_WANTED):
            (folder / "bin" / "redis-server").symlink_to(own)
            step.note = f"the machine's own, {own}"
            return
        step.say("reading the package lists")
        apt = debian.Apt("redis")
        apt.update()
        root = apt.folder / "root"
        debian.unpack(apt.download_with_dependencies(["redis-server"]), root, step)
        (folder / "libexec").mkdir()
        shutil.copy2(root / "usr/bin/redis-server", folder / "libexec/redis-server")
        (folder / "lib").mkdir()
        for library in debian.libraries(root):
            shutil.copy2(library, folder / "lib" / library.name)
        launcher = folder / "bin" / "redis-server"
        launcher.write_text(REDIS_LAUNCHER)
        launcher.chmod(0o755)
        found = version(launcher, "--version")
        if not found:
            raise Trouble("the unpacked redis-server does not run on this machine")
        step.note = ".".join(map(str, found))


def _make_nats(step: Step) -> None:
    with replacing(NATS_SERVER.parent) as folder:
        target = folder / NATS_SERVER.name
        if own := _on_path("nats-server", NATS_WANTED):
            target.symlink_to(own)
            step.note = f"the machine's own, {own}"
            return
        for release in [None, *debian.newer_releases()]:
            step.say(f"reading the package lists{f' of {release}' if release else ''}")
            apt = debian.Apt("nats", release)
            apt.update()
            offered = tuple(map(int, re.findall(r"\d+", apt.candidate("nats-server"))[:2]))
            if offered >= NATS_WANTED:
                root = apt.folder / "root"
                debian.unpack(apt.download("nats-server"), root, step)
                shutil.copy2(next(root.glob("usr/*bin/nats-server")), target)
                found = version(target, "--version")
                if not found:
                    raise Trouble("the unpacked nats-server does not run on this machine")
                step.note = ".".join(map(str, found))
                return
    raise Trouble(
        f"found no nats-server of version {'.'.join(map(str, NATS_WANTED))} or newer: "
        "put one on PATH, then run `make setup`"
    )
