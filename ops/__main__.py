"""The commands. The Makefile has a target for each command that people type."""

import argparse
import shlex
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Optional

from . import bench, build, demo, evaluation, queries, s3, setup, testing
from .paths import STACK, binaries
from .report import Report
from .setup import cargo_deny, ceph
from .stack import logs
from .stack.home import Home
from .stack.stack import Stack
from .trouble import Trouble


def main() -> int:
    arguments = _parser().parse_args()
    report = Report()
    signal.signal(signal.SIGTERM, _terminated)
    try:
        return int(arguments.run(arguments, report) or 0)
    except Trouble as trouble:
        report.line(f"\n{trouble}")
        return 1
    except KeyboardInterrupt:
        report.line("\nstopped by Ctrl-C or SIGTERM")
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m ops", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: object, explain: str, home: bool = False) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=explain, description=explain)
        added.set_defaults(run=run)
        if home:
            added.add_argument("--home", type=Path, default=STACK, help="the stack's folder")
        return added

    added = command("setup", _setup, "fetch the servers, models and recordings that are missing")
    added.add_argument("--tests", action="store_true", help="also fetch what only the tests need")
    added.add_argument("--checks", action="store_true", help="also fetch what only .ci/run needs")
    added.add_argument("--s3", action="store_true", help="also fetch what only test-s3 needs")
    command("build", _build, "set up, and build both programs for release")
    added = command("up", _up, "start all parts that do not run, and wait until they are ready", home=True)
    added.add_argument("only", nargs="*", help="some of: postgres redis nats api worker")
    added.add_argument("--servers-only", action="store_true", help="start only postgres, redis and nats")
    added.add_argument("--no-fsync", action="store_true",
                       help="create it without fsync: a power cut may lose its data")
    added = command("down", _down, "stop all parts; the data stays", home=True)
    added.add_argument("only", nargs="*", help="some of: postgres redis nats api worker")
    added.add_argument("--kill", action="store_true", help="stop at once with SIGKILL, as in a crash")
    command("reset", _reset, "stop all parts and remove the stack's data", home=True)
    command("status", _status, "print each part, its port, and whether it is ready", home=True)
    command("logs", _logs, "follow the logs", home=True)
    added = command("demo", _demo, "set up, build, start, and transcribe and search a recording")
    added.add_argument("--audio", type=Path, help="your own recording")
    added = command("test", _test, "run every test, against servers that are started for the run")
    added.add_argument("arguments", nargs="*", help="arguments for cargo test, after --")
    command("test-s3", _test_s3, "run the tests of object storage against Ceph RGW")
    added = command("bench", _bench, "measure speed and memory, against peers in the same run")
    added.add_argument("only", nargs="*", help="some of: decoding transcription latency search memory files")
    added = command("eval", _eval, "measure the quality of transcripts, of found names, and of search")
    added.add_argument("data", type=Path, nargs="?", help="a folder with the data to measure with")
    added = command("queries", _queries, "check SQL statements and lints, and write shared/.sqlx")
    added.add_argument("--check", action="store_true", help="write nothing; fail if shared/.sqlx is not current")
    command("bin", _bin, "print the folder of the release binaries")
    command("env", _env, "print the stack's variables as shell exports", home=True)
    return parser


def _setup(arguments: argparse.Namespace, report: Report) -> None:
    setup.setup(report, tests=arguments.tests)
    more = [(arguments.s3, ceph.part), (arguments.checks, cargo_deny.part)]
    setup.provide([part() for wanted, part in more if wanted], report)
    report.line("everything is set up")


def _build(arguments: argparse.Namespace, report: Report) -> None:
    build.set_up_and_build(report)


def _up(arguments: argparse.Namespace, report: Report) -> None:
    home = Home(arguments.home)
    setup.setup(report)
    Stack(home, report).up(arguments.only, arguments.servers_only, fsync=not arguments.no_fsync)
    if not arguments.servers_only and (not arguments.only or "api" in arguments.only):
        report.line(f"  the API is at {home.api}, its documentation at {home.api}/docs")


def _down(arguments: argparse.Namespace, report: Report) -> None:
    Stack(Home(arguments.home), report).down(arguments.only, arguments.kill)


def _reset(arguments: argparse.Namespace, report: Report) -> None:
    Stack(Home(arguments.home), report).reset()
    report.line(f"removed {arguments.home}; tools and models stay")


def _status(arguments: argparse.Namespace, report: Report) -> int:
    return 0 if Stack(Home(arguments.home), report).status() else 1


def _logs(arguments: argparse.Namespace, report: Report) -> None:
    home = Home(arguments.home)
    if not home.exists:
        raise Trouble(f"there is no stack in {arguments.home}: `make up` starts one")
    logs.follow(home.logs)


def _env(arguments: argparse.Namespace, report: Report) -> None:
    home = Home(arguments.home)
    if not home.exists:
        raise Trouble(f"there is no stack in {arguments.home}: `python3 -m ops up` starts one")
    for name, value in home.env.items():
        print(f"export {name}={shlex.quote(value)}")


def _demo(arguments: argparse.Namespace, report: Report) -> None:
    demo.demo(report, arguments.audio)


def _test(arguments: argparse.Namespace, report: Report) -> int:
    return testing.test(report, arguments.arguments)


def _test_s3(arguments: argparse.Namespace, report: Report) -> int:
    return s3.test(report)


def _bench(arguments: argparse.Namespace, report: Report) -> None:
    bench.bench(report, arguments.only)


def _eval(arguments: argparse.Namespace, report: Report) -> None:
    evaluation.evaluate(report, arguments.data)


def _queries(arguments: argparse.Namespace, report: Report) -> None:
    queries.describe(report, arguments.check)


def _bin(arguments: argparse.Namespace, report: Report) -> None:
    print(binaries())


def _terminated(number: int, frame: Optional[FrameType]) -> None:
    """SIGTERM unwinds like Ctrl-C, so that whatever was started is stopped on the way out."""
    raise KeyboardInterrupt


if sys.version_info < (3, 9):
    sys.exit("Python 3.9 or newer is needed")
sys.exit(main())
