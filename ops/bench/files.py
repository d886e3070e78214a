"""Reporting and reading files of a person with a million events, against one with a thousand.

The events are sent through the API, a thousand in each request, ten for each file in the order of time. The
requests are those of an app, and their medians are compared. The best ratio is one: earlier events then cost
nothing.
"""

import statistics
import time
import uuid
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

from ..demo.client import Client
from ..report import Report
from .fleet import fleet
from .sounds import Sounds

SIZES = (1_000, 1_000_000)
BATCH = 1_000
EVENTS_OF_A_FILE = 10
ROUNDS = 25
BEGAN = datetime(2026, 1, 1, tzinfo=timezone.utc)


def measure(report: Report, sounds: Sounds, folder: Path) -> None:
    with fleet(report, folder) as running:
        told = Told(running.client)
        medians: List[Dict[str, float]] = []
        for size in SIZES:
            began, before = time.perf_counter(), told.events
            with report.step(f"Reporting {size:,} events") as step:
                while told.events < size:
                    told.more(min(BATCH, size - told.events))
                    step.say(f"{told.events:,}")
            rate = (told.events - before) / (time.perf_counter() - began)
            with report.step("Asking"):
                medians.append({name: _median(ask) for name, ask in told.questions()})
    small, large = medians
    report.line(f"  {'':<34} {SIZES[0]:>12,} {SIZES[1]:>12,}  ratio")
    for name in small:
        ratio = large[name] / small[name]
        report.line(f"  {name:<34} {small[name]:>9.1f} ms {large[name]:>9.1f} ms {ratio:>6.2f}")
    report.line(f"  accepted on average: {rate:,.0f} events a second")


def _median(ask: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        ask()
        times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times)


class Told:
    """The apps of a person, and the files that they have reported."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.events = 0
        self.file = ""

    def more(self, count: int) -> None:
        """The next events: for each file its creation, then changes and openings alternately."""
        answer = self.client.post("/api/v1/files/events", {"events": [self._next() for _ in range(count)]})
        self.file = answer["events"][0]["file_id"]

    def _next(self) -> Dict[str, Any]:
        number, turn = divmod(self.events, EVENTS_OF_A_FILE)
        self.events += 1
        return {
            "id": str(uuid.uuid4()),
            "kind": "created" if turn == 0 else ("opened", "modified")[turn % 2],
            "device": "laptop",
            "path": f"/home/ada/folder {number % 997}/note {number}.md",
            "size_bytes": 1_000 + number,
            "happened_at": (BEGAN + timedelta(seconds=self.events)).isoformat(),
        }

    def _move(self) -> None:
        """Moves the last reported file, and moves it back."""
        path = self.client.get(f"/api/v1/files/{self.file}")["path"]
        for origin, target in ((path, path + ".moved"), (path + ".moved", path)):
            moved = {**self._next(), "kind": "moved", "path": target, "from_path": origin}
            self.client.post("/api/v1/files/events", {"events": [moved]})

    def questions(self) -> List[Tuple[str, Callable[[], object]]]:
        get = self.client.get
        second = f"/api/v1/files?limit=50&cursor={get('/api/v1/files?limit=50')['next_cursor']}"
        return [
            ("GET files", lambda: get("/api/v1/files")),
            ("GET files, the second page of 50", lambda: get(second)),
            ("GET files?sort=-opened_at", lambda: get("/api/v1/files?sort=-opened_at")),
            ("GET files?path=, few match", lambda: get("/api/v1/files?path=/home/ada/folder%207/")),
            ("GET files?text=, none matches", lambda: get("/api/v1/files?text=nowhere")),
            ("GET files/{id}", lambda: get(f"/api/v1/files/{self.file}")),
            ("GET files/{id}/events", lambda: get(f"/api/v1/files/{self.file}/events")),
            ("a move and back, with GET files/{id}", self._move),
            ("POST files/events, one", lambda: self.more(1)),
            ("POST files/events, a thousand", lambda: self.more(BATCH)),
        ]
