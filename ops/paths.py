"""Where the project keeps what it fetches, what it builds and what it runs."""

import json
import os
import subprocess
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SELF = ROOT / ".self"

TOOLS = SELF / "tools"
POSTGRES = TOOLS / "postgres"
REDIS_SERVER = TOOLS / "redis" / "bin" / "redis-server"
NATS_SERVER = TOOLS / "nats" / "nats-server"
QDRANT = TOOLS / "qdrant"
FFMPEG = TOOLS / "ffmpeg" / "ffmpeg"
SCHEMATHESIS = TOOLS / "schemathesis" / "st"
NODE = TOOLS / "node" / "bin" / "node"
TYPESCRIPT = TOOLS / "typescript"
CARGO_DENY = TOOLS / "cargo-deny"
CEPH = TOOLS / "ceph"

MODELS = SELF / "models"
SILERO = MODELS / "silero"
RECORDINGS = SELF / "recordings"
PYTHON = SELF / "python"
PEER = SELF / "peer"

CACHE = SELF / "cache"
STAMPS = SELF / "stamps"
STACK = SELF / "stack"
RUNS = SELF / "runs"


@lru_cache(maxsize=None)
def binaries() -> Path:
    """The folder of cargo's release binaries. `CARGO_TARGET_DIR` and cargo's settings can move it."""
    if target := os.environ.get("CARGO_TARGET_DIR"):
        return (ROOT / target).resolve() / "release"
    command = ["cargo", "metadata", "--no-deps", "--offline", "--format-version", "1"]
    try:
        said = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
        return Path(json.loads(said)["target_directory"]) / "release"
    except (OSError, ValueError, subprocess.CalledProcessError):
        return ROOT / "target" / "release"  # Without cargo, a stack can still be stopped.
