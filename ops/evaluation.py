"""`make eval DATA=folder`: measures the quality of transcripts, names, times of words, and search.

Transcripts are measured on a recording that set-up fetches (its text, by Charles Dickens, 1859, is in
`ops/texts`) and on the recordings in `speech` of the folder (`*.wav`), each with its text in a file of the
same name (`*.txt`). `self-worker eval speech` adds noise. It prints the rate of wrong words, the rate of
right words at each confidence, and the number of words that it transcribes where nobody speaks. Without
DATA, only this is measured.

The folder also holds documents that the project does not contain, a JSON object on each line:

- `entities.jsonl`: annotated documents; `self-trainer evaluate` says how many names it finds
- `search-documents.jsonl` (`doc`, `title`, `text`) and `search-queries.jsonl` (`query`, `doc`): each
  query has one document that answers it. The documents are imported as conversations into a stack of
  their own, and the queries go through the API, as those of an app.

Whole sentences find their document almost always. So each query is also tried with its last words only,
like a question of somebody who remembers a part.

A conversation has the rank of its best passage. MRR@10 is the mean of 1 / rank; nDCG@10 is the mean of
1 / log2(1 + rank) (one document is relevant, so the ideal is 1). Both count 0 beyond rank 10.
"""

import json
import math
import os
import subprocess
from pathlib import Path
from typing import Any, Dict, List, Optional

from . import build, word_times
from .bench.fleet import Fleet, fleet
from .paths import MODELS, RECORDINGS, ROOT, SELF, binaries
from .report import Report, bold
from .trouble import Trouble

TEXTS = ROOT / "ops" / "texts"
# The lengths of the tried queries: so many of the last words; None for all.
LENGTHS = (None, 8, 5, 3)
MODES = ("words", "meaning", "hybrid")
# Passages requested for each query: enough to have ten conversations among them.
DEPTH = 100


def evaluate(report: Report, data: Optional[Path]) -> None:
    build.set_up_and_build(report)
    _hear(report, data)
    if data is None:
        return
    entities = data / "entities.jsonl"
    if not entities.is_file():
        raise Trouble(f"there is no {entities}: set DATA to a folder with annotated documents")
    report.line(bold("entities"))
    _measure("self-trainer", "evaluate", str(entities))
    report.line(bold("word times"))
    _measure("self-worker", "eval", "word-times", str(word_times.make(SELF / "eval" / "words")))
    report.line(bold("search"))
    documents, queries = _lines(data / "search-documents.jsonl"), _lines(data / "search-queries.jsonl")
    with fleet(report, SELF / "eval") as running:
        found_as = _remember(report, running, documents)
        _ask(report, running, queries, found_as)


def _hear(report: Report, data: Optional[Path]) -> None:
    report.line(bold("speech"))
    pairs = [(RECORDINGS / text.with_suffix(".wav").name, text) for text in sorted(TEXTS.glob("*.txt"))]
    if data is not None:
        pairs += [(sound, sound.with_suffix(".txt")) for sound in sorted((data / "speech").glob("*.wav"))]
    _measure("self-worker", "eval", "speech", *(str(path) for pair in pairs for path in pair))


def _measure(program: str, *arguments: str) -> None:
    """Measures with a program of the project, which prints what it finds."""
    command = [str(binaries() / program), *arguments]
    if subprocess.run(command, env={"MODELS_DIR": str(MODELS), **os.environ}).returncode != 0:
        raise Trouble(f"`{program} {' '.join(arguments[:2])}` failed")


def _lines(path: Path) -> List[Dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def _remember(report: Report, running: Fleet, documents: List[Dict[str, Any]]) -> Dict[str, str]:
    """Imports the documents, and returns the document of each conversation."""
    found_as, jobs = {}, []
    with report.step(f"Remembering {len(documents)} documents") as step:
        for document in documents:
            body = {"title": document["title"] or document["doc"], "text": document["text"]}
            accepted = running.client.post("/api/v1/conversations", body)
            found_as[accepted["conversation"]["id"]] = document["doc"]
            jobs.append(accepted["job"]["id"])
        for number, job in enumerate(jobs):
            running.finished(job)
            step.say(f"{number + 1} of {len(jobs)}")
    return found_as


def _ask(report: Report, running: Fleet, queries: List[Dict[str, Any]], found_as: Dict[str, str]) -> None:
    for length in LENGTHS:
        report.line(f"  {'whole' if length is None else f'{length} words':<10}"
                    f"{'MRR@10':>9}{'nDCG@10':>9}{'first':>8}{'in ten':>8}")
        for mode in MODES:
            ranks = [_rank(running, _end(query, length), mode, found_as) for query in queries]
            reciprocal = [1 / rank for rank in ranks]
            gain = [1 / math.log2(1 + rank) for rank in ranks]
            first, ten = (sum(rank <= most for rank in ranks) / len(ranks) for most in (1, 10))
            mean = [sum(values) / len(values) for values in (reciprocal, gain)]
            report.line(f"  {mode:<10}{mean[0]:>9.3f}{mean[1]:>9.3f}{first:>8.1%}{ten:>8.1%}")
    report.line(f"  {len(queries)} queries, {len(found_as)} documents")


def _end(query: Dict[str, Any], length: Optional[int]) -> Dict[str, Any]:
    words = query["query"].rstrip(".").split()
    return {**query, "query": " ".join(words if length is None else words[-length:])}


def _rank(running: Fleet, query: Dict[str, Any], mode: str, found_as: Dict[str, str]) -> float:
    """The rank of the right document among the found conversations; infinity beyond 10."""
    question = {"query": query["query"], "mode": mode, "limit": DEPTH}
    hits = running.client.post("/api/v1/search/semantic", question)["items"]
    order = list(dict.fromkeys(found_as[hit["conversation_id"]] for hit in hits))[:10]
    return order.index(query["doc"]) + 1 if query["doc"] in order else math.inf
