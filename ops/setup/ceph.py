"""Ceph's object gateway from the distribution's packages, unpacked privately: the strict S3 peer
of the object storage tests."""

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
    step.say("reading the mirrors' lists")
    apt = debian.Apt("ceph")
    apt.update()
    if not apt.candidate("radosgw"):
        raise Trouble("this machine's mirrors offer no radosgw, which `make test-s3` needs")
    step.say("fetching about 70 MB")
    debs = apt.download_with_dependencies(PACKAGES)
    with replacing(CEPH) as root:
        debian.unpack(debs, Path(root), step)
