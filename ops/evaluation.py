"""`make eval DATA=folder`: how well speech is heard, names are found, words are timed, and search finds.

Speech is measured on the reading that set-up brings (its text, by Charles Dickens, 1859, is in
`ops/texts`) and on what the folder has in `speech`: recordings (`*.wav`), each with a file of the same
name with what is said in it (`*.txt`). `self-worker eval speech` mixes noise in, tells how many words
are wrong and how often words are right that are said to be, and counts the words that it hears where
nobody speaks. Without DATA this is all.

The folder also holds documents that the project does not contain, a JSON object on each line:

- `entities.jsonl`: annotated documents; `self-trainer evaluate` says how many names it finds
- `search-documents.jsonl` (`doc`, `title`, `text`) and `search-queries.jsonl` (`query`, `doc`): each
  query has one document that it is about. The documents are imported as conversations into a stack
  of their own and asked for through the API, as an app would: what is measured is the product.

Whole sentences find their document almost always, so each query is also asked by its end alone, as
people ask who remember a part of it.

A conversation ranks where its best passage does. MRR@10 is the mean of 1 / rank; nDCG@10 that of
1 / log2(1 + rank) (one document is relevant, so the ideal is 1); both 0 beyond the tenth.
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
# How many words of a query are asked for, counted from its end.
LENGTHS = (None, 8, 5, 3)
MODES = ("words", "meaning", "hybrid")
# Passages asked for: enough that ten conversations are among them.
DEPTH = 100


def evaluate(report: Report, data: Optional[Path]) -> None:
    build.set_up_and_build(report)
    _hear(report, data)
    if data is None:
        return
    entities = data / "entities.jsonl"
    if not entities.is_file():
        raise Trouble(f"there is no {entities}: name a folder with annotated documents, DATA=…")
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
    """Imports the documents, and answers which conversation is which of them."""
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
    """Where the right document stands among the conversations found; infinity beyond the tenth."""
    question = {"query": query["query"], "mode": mode, "limit": DEPTH}
    hits = running.client.post("/api/v1/search/semantic", question)["items"]
    order = list(dict.fromkeys(found_as[hit["conversation_id"]] for hit in hits))[:10]
    return order.index(query["doc"]) + 1 if query["doc"] in order else math.inf
