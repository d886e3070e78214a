"""The three servers of a private stack: their files, their commands and their checks of readiness.

They get secrets from files of mode 0600, and never from the command line.
"""

import os
import shutil
import signal
import struct
import subprocess
from functools import lru_cache
from pathlib import Path
from typing import Dict, List

from ..paths import NATS_SERVER, POSTGRES, REDIS_SERVER
from ..trouble import Trouble
from . import process
from .home import Home
from .program import Program, answers

NOBODY = 65534
# For the server and its programs: the path of the unpacked libraries.
POSTGRES_ENV = {**os.environ, "LD_LIBRARY_PATH": str(POSTGRES / "lib"), "LC_ALL": "C", "TZ": "UTC"}


def client_env(home: Home) -> Dict[str, str]:
    """For PostgreSQL's own clients: their variables, with the login of the owner."""
    env = home.env
    names = {"PGHOST": "DB_HOST", "PGPORT": "DB_PORT", "PGUSER": "DB_USER", "PGPASSWORD": "DB_PASSWORD",
             "PGDATABASE": "DB_NAME"}
    return {**POSTGRES_ENV, **{theirs: env[ours] for theirs, ours in names.items()}}


def all_servers(home: Home) -> List[Program]:
    """In the order in which they start."""
    return [postgres(home), redis(home), nats(home)]


def postgres(home: Home) -> Program:
    data = home.data / "postgres"
    env = home.env
    port = int(env["DB_PORT"])
    settings = {
        "port": port,
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "dynamic_shared_memory_type": "mmap",
        "max_connections": 400,
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] %d ",
    }
    if not home.fsync:
        settings.update(fsync="off", full_page_writes="off")

    def prepare() -> None:
        if not data.exists():
            _init_postgres(data, env["DB_USER"], env["DB_PASSWORD"], env["DB_NAME"], home.fsync)
        _own(data)
        _clear_postgres(data)

    return Program(
        name="postgres",
        argv=[
            *_as_nobody(), str(POSTGRES / "bin" / "postgres"), "-D", str(data),
            *(word for name, value in settings.items() for word in ("-c", f"{name}={value}")),
        ],
        env=POSTGRES_ENV,
        cwd=data,
        ready=lambda: _postgres_answers(port, env["DB_USER"], env["DB_NAME"]),
        prepare=prepare,
        port_key="POSTGRES_PORT",
        # SIGINT ends open transactions. SIGTERM would wait until every client has disconnected.
        stop_signal=signal.SIGINT,
        patience=30,
    )


def redis(home: Home) -> Program:
    data, conf, kept = home.data / "redis", home.folder / "redis.conf", home.kept

    def prepare() -> None:
        data.mkdir(parents=True, exist_ok=True)
        _write_secret(conf, [
            "bind 127.0.0.1",
            f"port {kept['REDIS_PORT']}",
            f"requirepass {kept['REDIS_PASSWORD']}",
            f'dir "{data}"',
            "save 300 1",
        ])

    hello = f"AUTH {kept['REDIS_PASSWORD']}\r\nPING\r\n".encode()
    return Program(
        name="redis",
        argv=[str(REDIS_SERVER), str(conf)],
        env=dict(os.environ),
        cwd=data,
        ready=lambda: answers(int(kept["REDIS_PORT"]), hello, b"+PONG"),
        prepare=prepare,
        port_key="REDIS_PORT",
    )


def nats(home: Home) -> Program:
    data, conf, kept = home.data / "nats", home.folder / "nats.conf", home.kept

    def prepare() -> None:
        data.mkdir(parents=True, exist_ok=True)
        _write_secret(conf, [
            "server_name: self",
            f'listen: "127.0.0.1:{kept["NATS_PORT"]}"',
            f'authorization {{ user: self, password: "{kept["NATS_PASSWORD"]}" }}',
            f'jetstream {{ store_dir: "{data}" }}',
        ])

    return Program(
        name="nats",
        argv=[str(NATS_SERVER), "-c", str(conf)],
        env=dict(os.environ),
        cwd=data,
        # JetStream starts before the server accepts clients, and the first message of the server says so.
        ready=lambda: answers(int(kept["NATS_PORT"]), b"", b'"jetstream":true'),
        prepare=prepare,
        port_key="NATS_PORT",
    )


@lru_cache(maxsize=None)
def _as_nobody() -> List[str]:
    """A prefix for a command that does not run as root.

    A user namespace needs no change of owner, but some containers and a chroot do not allow it.
    """
    if os.geteuid() != 0:
        return []
    namespace = ["unshare", "-U", f"--map-user={NOBODY}", f"--map-group={NOBODY}"]
    if subprocess.run([*namespace, "true"], capture_output=True).returncode == 0:
        return namespace
    return [
        "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
        "--securebits=+no_setuid_fixup", "--inh-caps=+dac_override", "--ambient-caps=+dac_override",
    ]


def _own(data: Path) -> None:
    """Makes the user of the server the owner of the data, if it is not yet."""
    if os.geteuid() != 0:
        return
    owner = NOBODY if _as_nobody()[0] == "setpriv" else 0
    if data.stat().st_uid != owner:
        for path in [data, *data.rglob("*")]:
            os.chown(path, owner, owner, follow_symlinks=False)


def _init_postgres(data: Path, user: str, password: str, database: str, fsync: bool) -> None:
    """Makes a new cluster with one database, in a temporary folder that is moved when complete."""
    fresh = data.with_suffix(".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True, mode=0o700)
    _own(fresh)
    secret = data.with_suffix(".password")
    _write_secret(secret, [password])
    if os.geteuid() == 0:
        os.chown(secret, *(os.stat(fresh).st_uid,) * 2)
    _run_postgres([
        "initdb", "-D", str(fresh), "-U", user, f"--pwfile={secret}", "--auth=scram-sha-256",
        "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C",
        *([] if fsync else ["--no-sync"]),
    ])
    secret.unlink()
    single = ["postgres", "--single", "-D", str(fresh), "-c", f"fsync={'on' if fsync else 'off'}", "postgres"]
    _run_postgres(single, f"CREATE DATABASE {database}\n")
    fresh.rename(data)


def _run_postgres(command: List[str], stdin: str = "") -> None:
    ran = subprocess.run(
        [*_as_nobody(), str(POSTGRES / "bin" / command[0]), *command[1:]],
        env=POSTGRES_ENV, input=stdin, capture_output=True, text=True,
    )
    if ran.returncode != 0 or "ERROR:" in ran.stderr:
        raise Trouble(f"{command[0]} failed:\n{(ran.stdout + ran.stderr).strip()}")


def _clear_postgres(data: Path) -> None:
    """Cleans up after a killed server: ends its children, and removes the lock of the dead process."""
    lock = data / "postmaster.pid"
    if not lock.exists():
        return
    survivors = process.working_in(data)
    if int(lock.read_text().split()[0]) in survivors:
        return
    for pid in survivors:
        # Children end when they notice that the server has ended. Busy ones notice late.
        process.end_stray(pid, data)
    lock.unlink(missing_ok=True)


def _postgres_answers(port: int, user: str, database: str) -> str:
    """Starts a login. A server that is ready asks for the password; one that starts refuses."""
    fields = f"user\0{user}\0database\0{database}\0\0".encode()
    hello = struct.pack(">ii", 8 + len(fields), 3 << 16) + fields
    return answers(port, hello, b"R\0\0\0", length=512)


def _write_secret(path: Path, lines: List[str]) -> None:
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write("\n".join(lines) + "\n")
