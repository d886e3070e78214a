"""Ceph's object gateway, a strict implementation of S3 for the tests of object storage. It comes from the
packages of the distribution, which are unpacked below `.self/` and not installed."""

from pathlib import Path

from ..paths import CEPH
from ..report import Step
from ..trouble import Trouble
from . import debian
from .parts import Part, replacing

PACKAGES = ("radosgw", "ceph-mon", "ceph-osd")


def part() -> Part:
    return Part("ceph", "Ceph RGW (private)", " ".join(PACKAGES), (CEPH / "usr/bin/radosgw",), _make)


def _make(step: Step) -> None:
    step.say("reading the package lists")
    apt = debian.Apt("ceph")
    apt.update()
    if not apt.candidate("radosgw"):
        raise Trouble("`make test-s3` needs the package radosgw, which the mirrors here do not have")
    step.say("fetching about 70 MB")
    debs = apt.download_with_dependencies(PACKAGES)
    with replacing(CEPH) as root:
        debian.unpack(debs, Path(root), step)
