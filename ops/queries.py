"""Checks every SQL statement of `shared` against a migrated database, with the lints of the workspace.

sqlx describes each statement that stands in a `query!` macro: its parameters, its columns, and whether they
can be null. `shared/.sqlx` keeps these descriptions, so that a build needs no database.
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Dict

from . import setup
from .paths import POSTGRES, ROOT
from .report import Report
from .stack.home import Home
from .stack.servers import client_env
from .stack.stack import Stack
from .testing import run_folder
from .trouble import Trouble

KEPT = ROOT / "shared" / ".sqlx"
LINTS = ("cargo", "clippy", "--release", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings")


def describe(report: Report, check: bool) -> None:
    """Replaces the descriptions; with `check`, fails if they are not current."""
    setup.setup(report)
    with run_folder(report) as folder:
        stack = Stack(Home(folder / "stack"), report)
        try:
            stack.up(["postgres"], servers_only=True, fsync=False)
            migrate(stack.home)
            fresh = folder / "sqlx"
            fresh.mkdir()
            _lint(stack.home, fresh)
            _compare(fresh) if check else _replace(report, fresh)
        finally:
            stack.reset()


def migrate(home: Home) -> None:
    """Applies the migrations as files, because the programs cannot be built without the descriptions."""
    files = sorted((ROOT / "migrations").glob("*.up.sql"))
    command = [str(POSTGRES / "bin" / "psql"), "-qX", "-v", "ON_ERROR_STOP=1"]
    for file in files:
        command += ["-f", str(file)]
    ran = subprocess.run(command, env=client_env(home), capture_output=True, text=True)
    if ran.returncode != 0:
        raise Trouble(f"the migrations failed:\n{ran.stderr.strip()}")


def variables(home: Home, folder: Path) -> Dict[str, str]:
    """The variables with which the macros ask the database, and write what it says into the folder.

    The user is the owner of the server: under row-level security PostgreSQL plans other joins, and sqlx
    would take columns for nullable.
    """
    env = home.env
    address = f"{env['DB_USER']}:{env['DB_PASSWORD']}@{env['DB_HOST']}:{env['DB_PORT']}/{env['DB_NAME']}"
    return {
        "DATABASE_URL": f"postgres://{address}?sslmode=disable",
        "SQLX_OFFLINE": "false",
        "SQLX_OFFLINE_DIR": str(folder),
    }


def _lint(home: Home, folder: Path) -> None:
    # Cargo does not know that the macros read a database.
    (ROOT / "shared" / "src" / "lib.rs").touch()
    ran = subprocess.run(LINTS, cwd=ROOT, env={**os.environ, **variables(home, folder)})
    if ran.returncode != 0:
        raise Trouble("the lints found faults: see above")


def _compare(fresh: Path) -> None:
    wrong = [f"missing: {name}" for name in sorted(_names(fresh) - _names(KEPT))]
    wrong += [f"of no statement: {name}" for name in sorted(_names(KEPT) - _names(fresh))]
    wrong += [
        f"different: {name}" for name in sorted(_names(fresh) & _names(KEPT))
        if (fresh / name).read_bytes() != (KEPT / name).read_bytes()
    ]
    if wrong:
        explained = "shared/.sqlx is not current: run `python3 -m ops queries` and commit the files"
        raise Trouble("\n".join([explained, *wrong]))


def _replace(report: Report, fresh: Path) -> None:
    shutil.rmtree(KEPT, ignore_errors=True)
    shutil.copytree(fresh, KEPT)
    report.line(f"  {len(_names(KEPT))} statements are described in {KEPT.relative_to(ROOT)}")


def _names(folder: Path) -> "set[str]":
    return {file.name for file in folder.glob("query-*.json")}
