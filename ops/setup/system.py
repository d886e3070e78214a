"""Packages that are installed on the machine: a compiler, cmake, make, pip.

Only missing packages are installed, with apt-get, and with sudo when not root.
"""

import os
import shutil
import subprocess
import sys
from typing import Dict, List

from ..report import Report
from ..trouble import Trouble
from .wheels import pip

# A program, and the packages that contain it.
PROGRAMS: Dict[str, List[str]] = {
    "cc": ["gcc", "libc6-dev"],
    "c++": ["g++"],
    "make": ["make"],
    "cmake": ["cmake"],
}


def missing(downloads: bool) -> List[str]:
    """The missing packages; pip only if there is something to download."""
    packages = [p for program, ps in PROGRAMS.items() if not shutil.which(program) for p in ps]
    if downloads:
        try:
            pip()
        except Trouble:
            packages.append("python3-pip")
    if not os.path.exists("/etc/ssl/certs/ca-certificates.crt"):
        packages.append("ca-certificates")
    return packages


def provide(report: Report, downloads: bool) -> None:
    if not shutil.which("cargo"):
        raise Trouble("cargo is missing: install Rust (1.95 or newer), then run this again")
    packages = missing(downloads)
    if not packages:
        return
    by_hand = f"apt-get install {' '.join(packages)}"
    if not shutil.which("apt-get"):
        raise Trouble(f"this machine has no apt-get: please install equivalents of: {packages}")
    root: List[str] = []
    if os.geteuid() != 0:
        if not shutil.which("sudo"):
            raise Trouble(f"root or sudo is needed to run: {by_hand}")
        root = ["sudo"]
        if sys.stdin.isatty():
            subprocess.run(["sudo", "--validate"], check=True)
    with report.step(f"System packages: {' '.join(packages)}") as step:
        step.say("reading the package lists")
        _run([*root, "apt-get", "update", "-qq"], by_hand)
        step.say("installing")
        _run(
            [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "-qq",
             "--no-install-recommends", *packages],
            by_hand,
        )
        step.say("")


def _run(command: List[str], by_hand: str) -> None:
    ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if ran.returncode != 0:
        raise Trouble(f"`{' '.join(command)}` failed:\n{ran.stdout.strip()}\nby hand: {by_hand}")
