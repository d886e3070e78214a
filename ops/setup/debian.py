"""Fetches Debian packages and unpacks them below `.self/`. Nothing is installed, and nothing is started.

apt runs with its own lists and cache, and with the mirrors, keys and proxies of the machine. So it checks
signatures as usual. It can also read a newer release of the same distribution: the source is that of the
machine, with the name of the release replaced.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Dict, List, Optional, Sequence

from ..paths import CACHE
from ..report import Step
from ..trouble import Trouble

# For each distribution: a release that has the packages that older releases lack.
NEWER = {"debian": "trixie", "ubuntu": "noble"}


def this_release() -> Dict[str, str]:
    """`ID` (debian, ubuntu), `VERSION_CODENAME` and the like."""
    pairs = re.findall(r'^(\w+)="?([^"\n]*)"?$', Path("/etc/os-release").read_text(), re.MULTILINE)
    return dict(pairs)


def newer_releases() -> List[str]:
    """Releases of this distribution to search when the release of the machine lacks a package."""
    release = NEWER.get(this_release().get("ID", ""))
    return [release] if release else []


class Apt:
    """apt with its own state. `release` is another release than that of the machine, if given."""

    def __init__(self, name: str, release: Optional[str] = None) -> None:
        if not shutil.which("apt-get"):
            raise Trouble("apt-get is missing: set-up works on Debian and Ubuntu only")
        self.folder = CACHE / f"apt-{name}"
        shutil.rmtree(self.folder, ignore_errors=True)
        for part in ("lists/partial", "archives/partial", "debs"):
            (self.folder / part).mkdir(parents=True)
        self.options = [
            f"Dir::State::Lists={self.folder / 'lists'}",
            f"Dir::Cache={self.folder}",
            "Debug::NoLocking=true",
            "APT::Sandbox::User=root",
            "Acquire::Languages=none",
            "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
            "Acquire::IndexTargets::deb::CNF::DefaultEnabled=false",
        ]
        if release:
            source = self.folder / "release.sources"
            source.write_text(_sources_for(release))
            self.options += [f"Dir::Etc::SourceList={source}", "Dir::Etc::SourceParts=/dev/null"]

    def update(self) -> None:
        """Reads the package lists. A mirror may fail; that is an error only if a package is missing later."""
        ran = self._run("apt-get", "update", "-qq")
        if ran.returncode != 0 and not any((self.folder / "lists").glob("*Packages*")):
            raise Trouble(f"apt could not read the package lists:\n{ran.stderr.strip()}")

    def candidate(self, package: str) -> str:
        """The version that is available, without its epoch, or an empty string."""
        said = self._run("apt-cache", "policy", package).stdout
        offer = re.search(r"Candidate: (?:\d+:)?(\d\S*)", said)
        return offer[1] if offer else ""

    def download(self, package: str) -> List[Path]:
        """Fetches one package, without its dependencies."""
        return self._fetched("debs", self._run("apt-get", "download", "-qq", package))

    def download_with_dependencies(self, packages: Sequence[str]) -> List[Path]:
        """Fetches packages, and their dependencies that the machine lacks."""
        ran = self._run(
            "apt-get", "install", "-qq", "-y", "--no-install-recommends", "--download-only",
            *packages,
        )
        return self._fetched("archives", ran)

    def _fetched(self, where: str, ran: "subprocess.CompletedProcess[str]") -> List[Path]:
        if ran.returncode != 0:
            raise Trouble(f"apt could not fetch packages:\n{ran.stderr.strip()}")
        return sorted((self.folder / where).glob("*.deb"))

    def _run(self, program: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        options = [word for option in self.options for word in ("-o", option)]
        return subprocess.run(
            [program, *options, *arguments], cwd=self.folder / "debs",
            env={**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
        )


def unpack(debs: Sequence[Path], into: Path, step: Step) -> None:
    for number, deb in enumerate(debs, 1):
        step.say(f"unpacking {number} of {len(debs)}")
        subprocess.run(["dpkg-deb", "-x", str(deb), str(into)], check=True)
    step.note = ""


def libraries(root: Path) -> List[Path]:
    """The shared libraries of an unpacked tree, with links."""
    found = [p for p in root.rglob("*.so*") if re.search(r"\.so(\.\d+)*$", p.name)]
    return sorted(p for p in found if p.is_file())


def _sources_for(release: str) -> str:
    """The main source of the machine in deb822 form, with the release replaced."""
    stanzas = []
    for fields in _machine_sources():
        suites, components = fields.get("Suites", "").split(), fields.get("Components", "").split()
        own = {this_release().get("VERSION_CODENAME", ""), "stable", "oldstable", "testing"}
        if "deb" not in fields.get("Types", "").split() or "main" not in components:
            continue
        if own & set(suites):
            wanted = {**fields, "Types": "deb", "Suites": release}
            if this_release().get("ID") == "ubuntu" and "universe" not in components:
                wanted["Components"] = " ".join([*components, "universe"])
            stanzas.append("".join(f"{name}: {value}\n" for name, value in wanted.items()))
    if not stanzas:
        raise Trouble("found no apt source of this release from which a newer release could be read")
    return "\n".join(stanzas)


def _machine_sources() -> List[Dict[str, str]]:
    """Every apt source of the machine as deb822 fields, from either file format."""
    etc = Path("/etc/apt")
    found: List[Dict[str, str]] = []
    for path in sorted([*etc.glob("sources.list"), *etc.glob("sources.list.d/*.list")]):
        for kind, options, uri, suite, components in re.findall(
            r"^\s*(deb(?:-src)?)\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)([^\n#]*)",
            path.read_text(), re.MULTILINE,
        ):
            fields = {"Types": kind, "URIs": uri, "Suites": suite, "Components": components.strip()}
            for name, value in re.findall(r"([\w-]+)=(\S+)", options):
                fields[name.title()] = value.replace(",", " ")
            if "Arch" in fields:
                fields["Architectures"] = fields.pop("Arch")
            found.append(fields)
    for path in sorted(etc.glob("sources.list.d/*.sources")):
        text = re.sub(r"^#.*\n", "", path.read_text(), flags=re.MULTILINE)
        for stanza in re.split(r"\n\s*\n", text):
            fields = dict(re.findall(r"^([\w-]+):[ \t]*(.*(?:\n[ \t]+.*)*)", stanza, re.MULTILINE))
            if fields and fields.get("Enabled", "yes").strip().lower() != "no":
                found.append(fields)
    return found
