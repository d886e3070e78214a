"""`make demo`: sets up, builds, starts a stack, transcribes a recording and searches it by meaning."""

import secrets
from pathlib import Path
from typing import Any, Dict, List, Optional

from .. import build
from ..paths import RECORDINGS, STACK
from ..report import OFTEN, Report, bold, megabytes
from ..stack.home import Home
from ..stack.stack import Stack
from ..trouble import Trouble
from . import live, show
from .client import Client

# Questions about the recording of the set-up. Their important words are not in it.
QUESTIONS = ("Did people feel optimistic, or had they given up?", "Who ruled the countries?")
HITS = 2


def demo(report: Report, audio: Optional[Path]) -> None:
    """Sets up, builds, starts, and shows the results for `audio`. The stack continues to run."""
    if audio and not audio.is_file():
        raise Trouble(f"there is no recording at {audio}")
    report.line(bold("Setting up"))
    build.set_up_and_build(report)
    recording = audio or RECORDINGS / "two_cities.wav"

    report.line(bold("Starting the stack"))
    home = Home(STACK)
    Stack(home, report).up()

    report.line(bold(f"Remembering {recording.name}"))
    client = Client(home.api)
    email, password = f"demo-{secrets.token_hex(4)}@example.org", secrets.token_urlsafe(12)
    with report.step("Registering a user") as step:
        client.register(email, password, "Demo")
        step.note = email
    conversation, job = _remember(report, client, recording)
    with report.step("Reading the result", quiet=True):
        transcription = client.get(f"/api/v1/transcriptions/{job['transcription_id']}")
        conversation = client.get(f"/api/v1/conversations/{conversation['id']}")
    show.transcript(report, transcription)
    show.entities(report, conversation.get("entities", []))
    for question in QUESTIONS if audio is None else _questions(conversation):
        with report.step(f"Searching: {question}", quiet=True):
            found = client.post("/api/v1/search/semantic", {"query": question, "limit": HITS})
        show.hits(report, question, found["items"])

    report.table("Time of each step")
    _where(report, home, email, password)


def _remember(report: Report, client: Client, recording: Path) -> "tuple[Dict[str, Any], live.Job]":
    """Uploads a recording, and waits for the end of its job."""
    with report.step("Uploading") as step:
        accepted = client.upload(
            recording, lambda sent, total: step.say(f"{megabytes(sent)} of {megabytes(total)}")
        )
    with report.step("Transcribing", pace=OFTEN) as step:
        job = live.follow(client, accepted["job"], step)
        if job["state"] != "succeeded":
            failure = job.get("failure") or {}
            raise Trouble(f"the recording was not transcribed: {failure.get('detail', job['state'])}")
        step.note = ", ".join(filter(None, [
            f"{job['audio_total_ms'] / 1000:.0f} s of sound" if job.get("audio_total_ms") else "",
            f"{job['speed']:.0f} × real time" if job.get("speed") else "",
        ]))
    return accepted["conversation"], job


def _questions(conversation: Dict[str, Any]) -> List[str]:
    """Two questions that fit any recording."""
    names = [entity["name"] for entity in conversation.get("entities", [])]
    asked = [f"What was said about {name}?" for name in names[:2]]
    return (asked + ["What was decided?", "What comes next?"])[:2]


def _where(report: Report, home: Home, email: str, password: str) -> None:
    report.line()
    report.line(bold("The stack is running"))
    for what, where in (
        ("documentation", f"{home.api}/docs"),
        ("log in with", f"{email}  {password}"),
        ("data", str(home.data)),
        ("logs", f"{home.logs}  (make logs)"),
        ("stop, start", "make down, make up; make reset removes the data"),
    ):
        report.line(f"  {what:<14} {where}")
