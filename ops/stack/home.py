"""The folder of a stack: its ports and secrets, which are chosen once, and the paths of its data."""

import os
import random
import secrets
import shlex
import socket
from contextlib import contextmanager
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Dict, Iterator, List, Sequence

from ..paths import MODELS

# Below the range of ephemeral ports, from which the kernel takes the ports of clients.
PORTS = range(20000, 32000)


class Home:
    """`DIR/env` has the chosen ports and secrets; the rest follows from them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.data = self.folder / "data"
        self.logs = self.folder / "logs"
        self._env = self.folder / "env"

    def prepare(self, fsync: bool = True) -> None:
        """Makes the folder, and chooses ports and secrets if it is new.

        Without `fsync`, PostgreSQL is faster, and may lose its data when the machine loses power.
        """
        self.data.mkdir(parents=True, exist_ok=True)
        if not self._env.exists():
            self._write({**_choose(), "FSYNC": "on" if fsync else "off"})
        elif missing := {name: value for name, value in _choose().items() if name not in self.kept}:
            self._write({**self.kept, **missing})  # A stack of an earlier version.

    @property
    def exists(self) -> bool:
        return self._env.exists()

    @property
    def kept(self) -> Dict[str, str]:
        """The chosen ports and secrets."""
        pairs = (shlex.split(line) for line in self._env.read_text().splitlines())
        return dict(pair[0].split("=", 1) for pair in pairs if pair)

    @property
    def env(self) -> Dict[str, str]:
        """The variables for the programs and for any client of the stack."""
        kept = self.kept
        return {
            "ENVIRONMENT": "development",
            "DB_HOST": "127.0.0.1",
            "DB_PORT": kept["POSTGRES_PORT"],
            "DB_USER": "self",
            "DB_PASSWORD": kept["POSTGRES_PASSWORD"],
            "DB_APP_USER": "self_app",
            "DB_APP_PASSWORD": kept["POSTGRES_APP_PASSWORD"],
            "DB_NAME": "self",
            "REDIS_URL": f"redis://:{kept['REDIS_PASSWORD']}@127.0.0.1:{kept['REDIS_PORT']}",
            "NATS_URL": f"nats://self:{kept['NATS_PASSWORD']}@127.0.0.1:{kept['NATS_PORT']}",
            "OBJECTS_DIR": str(self.data / "objects"),
            "MODELS_DIR": os.environ.get("MODELS_DIR", str(MODELS)),
            "PORT": kept["API_PORT"],
            "WORKER_PORT": kept["WORKER_PORT"],
            "JWT_SECRET": kept["JWT_SECRET"],
            "JWT_REFRESH_SECRET": kept["JWT_REFRESH_SECRET"],
        }

    @property
    def fsync(self) -> bool:
        return self.kept["FSYNC"] == "on"

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.kept['API_PORT']}"

    def move_port(self, name: str) -> str:
        """Chooses another port for a part whose port is used by another program."""
        taken = [int(value) for key, value in self.kept.items() if key.endswith("_PORT")]
        port = str(free_ports(1, besides=taken)[0])
        self._write({**self.kept, name: port})
        return port

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Allows one `up` or `down` of this stack at a time."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(self.folder / "lock", "w") as file:
            flock(file, LOCK_EX)
            yield

    def _write(self, kept: Dict[str, str]) -> None:
        fresh = self._env.with_suffix(".new")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.writelines(f"{name}={shlex.quote(value)}\n" for name, value in kept.items())
        fresh.rename(self._env)


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _choose() -> Dict[str, str]:
    names = ["POSTGRES_PORT", "REDIS_PORT", "NATS_PORT", "API_PORT", "WORKER_PORT"]
    chosen = {name: str(port) for name, port in zip(names, free_ports(len(names)))}
    for name in ("POSTGRES_PASSWORD", "POSTGRES_APP_PASSWORD", "REDIS_PASSWORD", "NATS_PASSWORD"):
        chosen[name] = secrets.token_hex(16)
    for name in ("JWT_SECRET", "JWT_REFRESH_SECRET"):
        chosen[name] = secrets.token_urlsafe(48)
    return chosen


def free_ports(count: int, besides: Sequence[int] = ()) -> List[int]:
    found: List[int] = []
    for port in random.sample(PORTS, len(PORTS)):
        if len(found) == count:
            break
        if port not in besides and port_is_free(port):
            found.append(port)
    return found
