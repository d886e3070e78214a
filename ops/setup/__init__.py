"""`make setup`: fetches everything that the programs need and the machine lacks.

Every other command calls it first. Parts that are complete take milliseconds.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Callable, List

from ..report import Report
from . import contract, models, postgres, servers, system
from .parts import Part, missing, provide

__all__ = ["missing", "parts", "provide", "set_up_beside", "setup", "system"]


def parts(tests: bool = False) -> List[Part]:
    """The parts for the stack and the demo; with `tests` also those for the tests."""
    return [
        models.meaning(),
        models.speech(),
        postgres.part(),
        servers.nats(),
        servers.redis(),
        models.websockets(),
        *([models.ffmpeg(), models.qdrant(), contract.schemathesis(), contract.typescript()] if tests else []),
    ]


def setup(report: Report, tests: bool = False) -> None:
    """Installs system packages, then makes all missing parts in parallel."""
    set_up_beside(report, lambda: None, tests)


def set_up_beside(report: Report, work: Callable[[], None], tests: bool = False) -> None:
    """Sets up while `work` runs. A compiler needs the cores, and downloads need the network."""
    wanted = parts(tests)
    system.provide(report, downloads=bool(missing(wanted)))
    with ThreadPoolExecutor(max_workers=1) as pool:
        provided = pool.submit(provide, wanted, report)
        work()
        provided.result()
