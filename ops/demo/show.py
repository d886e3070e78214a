"""Prints the results for a recording: its transcript, its entities, the hits of a search."""

import textwrap
from typing import Any, Dict, Iterable, List

from ..report import Report, bold, dim

View = Dict[str, Any]
WIDTH = 96


def clock(milliseconds: float) -> str:
    """`0:03`, `1:02:07`."""
    minutes, seconds = divmod(int(milliseconds // 1000), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def transcript(report: Report, transcription: View) -> None:
    report.line()
    model = transcription.get("model") or {}
    how = ", ".join(filter(None, [transcription.get("language"), model.get("name"), model.get("version")]))
    report.line(bold("What was said") + dim(f"  ({how})"))
    segments = transcription["segments"]
    if not segments:
        report.line("  nothing: the recording is silent")
    for segment in segments:
        _paragraph(report, f"{clock(segment['start_ms']):>8}  ", segment["text"])


def entities(report: Report, found: Iterable[View]) -> None:
    report.line()
    report.line(bold("Who and what it mentions"))
    by_kind: Dict[str, List[str]] = {}
    for entity in found:
        mentions = entity.get("mentions") or []
        times = ", ".join(clock(m["start_ms"]) for m in mentions[:3])
        by_kind.setdefault(entity["kind"], []).append(entity["name"] + (f" ({times})" if times else ""))
    if not by_kind:
        report.line("  nobody and nothing by name")
    for kind, names in sorted(by_kind.items()):
        _paragraph(report, f"  {kind:<14}", ", ".join(names))


def hits(report: Report, question: str, items: List[View]) -> None:
    report.line()
    report.line(bold(f"“{question}”"))
    if not items:
        report.line("  nothing found")
    for item in items:
        span = f"{clock(item['start_ms'])}–{clock(item['end_ms'])}"
        # Absent when many other passages are closer in meaning.
        near = item.get("by_meaning", {}).get("similarity", 0.0)
        _paragraph(report, f"  play {span:<14} {near:.2f}  ", item["text"])


def _paragraph(report: Report, head: str, text: str) -> None:
    lines = textwrap.wrap(text, WIDTH - len(head)) or [""]
    report.line(head + lines[0])
    for line in lines[1:]:
        report.line(" " * len(head) + line)
