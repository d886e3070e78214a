"""Follows a job over the WebSocket, as an app does: joins its room and shows the events."""

import json
import sys
from typing import Any, Dict

from ..paths import PYTHON
from ..report import Step, bar
from ..trouble import Trouble
from .client import Client

ENDED = ("succeeded", "cancelled", "dead")
SILENCE = 10.0

Job = Dict[str, Any]


def follow(client: Client, job: Job, step: Step) -> Job:
    """Waits for the end of a job and returns it. `step` shows the progress.

    When the socket closes, or is silent for a while, the job is read once, and the room is joined again
    after the last `seq`.
    """
    sys.path.insert(0, str(PYTHON))
    from websockets.exceptions import WebSocketException  # type: ignore[import-not-found]
    from websockets.sync.client import connect  # type: ignore[import-not-found]

    seen = 0
    address = client.base.replace("http", "ws", 1) + "/api/v1/ws"
    while job["state"] not in ENDED:
        try:
            with connect(address, additional_headers=client.headers, proxy=None) as socket:
                room = {"type": "join_room", "room": f"job:{job['id']}", "after": seen}
                socket.send(json.dumps(room))
                while job["state"] not in ENDED:
                    event = json.loads(socket.recv(timeout=SILENCE))
                    seen = max(seen, event.get("seq") or 0)
                    if event.get("type") == "error":
                        raise Trouble(f"the WebSocket refused: {event}")
                    if event.get("type") == "joined":
                        # Changes before the join are not sent as events: read the job.
                        job = client.get(f"/api/v1/jobs/{job['id']}")
                    elif event.get("type") in ("job_progress", "job_update"):
                        job = event["data"]
                    step.say(describe(job))
        except (WebSocketException, OSError):  # Timeouts are OSErrors.
            job = client.get(f"/api/v1/jobs/{job['id']}")
            step.say(describe(job))
    return client.get(f"/api/v1/jobs/{job['id']}")


def describe(job: Job) -> str:
    """`[######----] 42 %  transcribe  18 of 44 s  1.2 s left  21 × real time`."""
    if job["state"] == "queued":
        place = job.get("place_in_queue")
        return f"queued{f', place {place}' if place else ''}"
    total, done = job.get("audio_total_ms"), job.get("audio_done_ms") or 0
    eta, speed, percent = job.get("eta_ms"), job.get("speed"), job.get("percent") or 0
    return "  ".join(filter(None, [
        f"{bar(percent / 100)} {percent:3.0f} %",
        job.get("stage"),
        f"{done / 1000:.0f} of {total / 1000:.0f} s" if total else "",
        f"{eta / 1000:.1f} s left" if eta is not None else "",
        f"{speed:.0f} × real time" if speed else "",
    ]))
