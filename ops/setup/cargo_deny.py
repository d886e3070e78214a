"""cargo-deny, which checks licences, sources and bans: built from its published source.

No package registry has a binary that reads lock files of the current version. It is built without
optimisation: it runs for a second, and an optimised build takes minutes.
"""

import os

from .. import build
from ..paths import CACHE, CARGO_DENY
from ..report import Step
from .parts import Part, replacing

VERSION = "0.20.2"


def part() -> Part:
    program = CARGO_DENY / "bin" / "cargo-deny"
    return Part("cargo-deny", f"cargo-deny {VERSION}", VERSION, (program,), _make)


def _make(step: Step) -> None:
    target = CACHE / "cargo-deny"
    profile = {
        "OPT_LEVEL": "0", "LTO": "off", "DEBUG": "none", "CODEGEN_UNITS": "16", "STRIP": "symbols",
    }
    env = {
        **os.environ,
        "CARGO_TARGET_DIR": str(target),
        **{f"CARGO_PROFILE_RELEASE_{name}": value for name, value in profile.items()},
    }
    with replacing(CARGO_DENY) as root:
        install = ["install", "--locked", "--root", str(root), f"cargo-deny@{VERSION}"]
        build.run_cargo(step, install, env)
