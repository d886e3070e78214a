"""Search among 1,000, 10,000 and 50,000 passages: the times, and the recall of the nearest vectors.

The passages are generated. Their words have the frequencies of natural language (the second half as
frequent as the first, the third a third, …). Their vectors are random bytes, which half precision
represents exactly. So this program can compute the nearest vectors without rounding, and the API must
find the same. A second person has as many passages, inserted alternately.
"""

import json
import operator
import random
import statistics
import subprocess
import time
import uuid
from pathlib import Path
from typing import Any, Dict, List, Sequence

from ..paths import POSTGRES, ROOT
from ..report import Report
from ..stack.servers import client_env
from ..trouble import Trouble
from .fleet import Fleet, fleet
from .sounds import Sounds

SIZES = (1_000, 10_000, 50_000)
DIMENSIONS = 384
# Passages of a conversation: about ten minutes of talk.
PASSAGES = 50
BEST = 100
QUESTIONS = 10
WORDS = ROOT / "worker" / "src" / "stages" / "extract" / "lists" / "common_words.txt"

Vector = Sequence[int]


def measure(report: Report, sounds: Sounds, folder: Path) -> None:
    chance = random.Random(1)
    words = [word for word in WORDS.read_text("utf-8").splitlines() if word and not word.startswith("#")]
    words = chance.sample(words, 20_000)
    with fleet(report, folder) as running:
        person, other = _person(running, "bench@example.org"), str(uuid.uuid4())
        _sql(running, f"insert into users (id, email, name, password_hash) values ('{other}', 'other', '', '')")
        questions = [_text(chance, words[100:], 4) for _ in range(QUESTIONS)]
        asked = _vectors(running, questions)
        remembered: Dict[str, Vector] = {}
        report.line(f"  {'passages':>9} {'recall':>8}   p50 of {QUESTIONS} questions, in ms: "
                    f"{'words':>8} {'meaning':>9} {'hybrid':>8}")
        for size in SIZES:
            with report.step(f"Generating {size:,} passages"):
                while len(remembered) < size:
                    remembered.update(_converse(running, person, chance, words))
                    _converse(running, other, chance, words)
                _sql(running, "vacuum analyze")
            recall = [_recall(running, text, vector, remembered) for text, vector in zip(questions, asked)]
            times = [_median(running, mode, questions) for mode in ("words", "meaning", "hybrid")]
            report.line(f"  {size:>9,} {statistics.mean(recall):>8.4f}   {'':>33} "
                        f"{times[0]:>8.0f} {times[1]:>9.0f} {times[2]:>8.0f}")


def _text(chance: random.Random, words: List[str], length: int) -> str:
    return " ".join(words[int(len(words) ** chance.random()) - 1] for _ in range(length))


def _vectors(running: Fleet, texts: List[str]) -> List[List[float]]:
    """The vectors of texts, from the product's own model."""
    vectors = []
    for text in texts:
        accepted = running.client.post("/api/v1/conversations", {"text": text})
        running.finished(accepted["job"]["id"])
        said = accepted["conversation"]["id"]
        found = _sql(running, f"select embedding from conversation_embeddings where conversation_id = '{said}'")
        vectors.append(json.loads(found))
        _sql(running, f"delete from conversations where id = '{said}'")
    return vectors


def _converse(running: Fleet, person: str, chance: random.Random, words: List[str]) -> Dict[str, Vector]:
    """Inserts a conversation into the tables. The times of its passages serve as their names."""
    said, heard = str(uuid.uuid4()), str(uuid.uuid4())
    model = "'all-MiniLM-L6-v2', '0.1.0'"
    rows, made = [], {}
    for position in range(PASSAGES):
        bytes_ = chance.randbytes(DIMENSIONS)
        vector = [byte - 128 for byte in bytes_]
        made[f"{said} {position}"] = vector
        text = _text(chance, words, chance.randint(30, 40))
        numbers = ",".join(f"{number / 128:g}" for number in vector)
        rows.append(f"('{uuid.uuid4()}', '{person}', '{said}', '{heard}', {position}, {position}, {position + 1}, "
                    f"'{{}}', '{text}', '[{numbers}]', {model})")
    _sql(running, f"""
        begin;
        insert into conversations (id, user_id, source, started_at) values ('{said}', '{person}', 'import', now());
        insert into transcriptions (id, user_id, conversation_id, completed_at)
            values ('{heard}', '{person}', '{said}', now());
        insert into conversation_embeddings (id, user_id, conversation_id, transcription_id, position, start_ms,
            end_ms, segment_ids, text, embedding, model, model_version) values {", ".join(rows)};
        commit""")
    return made


def _recall(running: Fleet, text: str, asked: List[float], remembered: Dict[str, Vector]) -> float:
    """The share of the nearest passages, by exact comparison, that the API finds."""
    def cosine(vector: Vector) -> float:
        product = sum(map(operator.mul, asked, vector))
        return product / sum(number * number for number in vector) ** 0.5

    order = sorted(remembered, key=lambda name: -cosine(remembered[name]))[:BEST]
    found = {f"{hit['conversation_id']} {hit['start_ms']}" for hit in _ask(running, "meaning", text)}
    return len(found.intersection(order)) / BEST


def _median(running: Fleet, mode: str, questions: List[str]) -> float:
    taken = []
    for text in questions:
        began = time.perf_counter()
        _ask(running, mode, text, limit=20)
        taken.append(1000 * (time.perf_counter() - began))
    return statistics.median(taken)


def _ask(running: Fleet, mode: str, text: str, limit: int = BEST) -> List[Dict[str, Any]]:
    question = {"query": text, "mode": mode, "limit": limit}
    return running.client.post("/api/v1/search/semantic", question)["items"]


def _person(running: Fleet, email: str) -> str:
    return _sql(running, f"select id from users where email = '{email}'")


def _sql(running: Fleet, statements: str) -> str:
    """Runs SQL as the owner of the database, and returns its output."""
    ran = subprocess.run(
        [str(POSTGRES / "bin" / "psql"), "-qAtX", "-v", "ON_ERROR_STOP=1"], input=statements, text=True,
        env=client_env(running.stack.home), capture_output=True,
    )
    if ran.returncode != 0:
        raise Trouble(f"psql: {ran.stderr.strip()[:500]}")
    return ran.stdout.strip()
