"""A separate stack for the measurements that need both programs."""

import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator

from ..demo.client import Client
from ..report import Report
from ..stack.home import Home
from ..stack.stack import Stack
from ..trouble import Trouble

ENDED = ("succeeded", "cancelled", "dead")


@contextmanager
def fleet(report: Report, folder: Path) -> Iterator["Fleet"]:
    """Starts a stack like `make up`, in a folder that is removed at the end."""
    stack = Stack(Home(folder / "stack"), report)
    try:
        stack.up()
        yield Fleet(stack)
    finally:
        stack.reset()


class Fleet:
    """A running stack, used by one registered person."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.client = Client(stack.home.api)
        self.client.register("bench@example.org", "correct horse battery staple", "Bench")

    @property
    def worker(self) -> int:
        """The process id of the worker."""
        running = self.stack.launcher.running("worker")
        if running is None:
            raise Trouble("the worker is not running")
        return running.pid

    def remember(self, recording: Path) -> Dict[str, Any]:
        """Uploads a recording, waits for the end of its job, and returns the job."""
        job = self.client.upload(recording, lambda sent, total: None)["job"]
        return self.finished(job["id"])

    def finished(self, job_id: str) -> Dict[str, Any]:
        while True:
            job = self.client.get(f"/api/v1/jobs/{job_id}")
            if job["state"] in ENDED:
                if job["state"] != "succeeded":
                    raise Trouble(f"the job ended as {job['state']}: {job.get('failure')}")
                return job
            time.sleep(0.2)
