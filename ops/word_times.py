"""Makes recordings with known words and times, for `self-worker eval word-times`.

- `joined`: sentences of several recordings in sequence, with pauses between them. The first word of each
  sentence has a known time; the other words have none.
- `espeak`: sentences spoken by espeak-ng, if its library is installed. It reports the start of each word.
"""

import ctypes
import ctypes.util
import json
import random
import sys
import wave
from array import array
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Tuple

from .paths import RECORDINGS

RATE = 16_000
# The part of a recording that is kept before the first sound of a sentence, in milliseconds.
LEAD = 80
# A recording, the start and end of a sentence in it by its energy (milliseconds), and its text.
SENTENCES = (
    ("two_cities", 5_040, 6_250, "It was the age of wisdom."),
    ("two_cities", 6_690, 8_270, "It was the age of foolishness."),
    ("two_cities", 8_820, 10_370, "It was the epoch of belief."),
    ("two_cities", 10_770, 12_800, "It was the epoch of incredulity."),
    ("two_cities", 15_150, 16_770, "It was the season of darkness."),
    ("two_cities", 21_260, 24_090, "We had everything before us, we had nothing before us."),
    ("two_cities", 26_590, 28_300, "We were all going direct the other way."),
    ("two_cities", 38_710, 41_680, "In the superlative degree of comparison only."),
    ("beckett", 3_530, 4_150, "No matter."),
    ("beckett", 8_020, 8_840, "Fail better."),
    ("endgame_nagg_nell", 2_470, 3_330, "Do you hear me?"),
    ("endgame_nagg_nell", 8_740, 9_830, "Laugh less heartily."),
    ("endgame_nagg_nell", 12_000, 14_040, "No, not heartily, just less heartily."),
    ("endgame_nagg_nell", 17_610, 18_830, "What are you talking about?"),
    ("endgame_nagg_nell", 20_430, 21_900, "You thought you were in pain."),
    ("endgame_nagg_nell", 23_770, 27_430, "Do you remember the day I went and fetched you from that ditch?"),
)
SPOKEN = (
    "The meeting on Tuesday was moved to half past three, because Martin could not find a room.",
    "I think we should call the roofer again before it rains.",
    "She paid for the tickets, and then the concert was cancelled.",
    "Please remember to buy milk, eggs, bread, and a new light bulb.",
    "When the sunlight strikes raindrops in the air, they act as a prism and form a rainbow.",
    "My grandmother told me a story about the war, and I never forgot it.",
    "They walked through the forest for six hours without seeing anyone at all.",
    "What happened after that, I honestly could not tell you.",
)
VOICES = ((b"en-us", 165, 50), (b"en-us+f2", 180, 60), (b"en-us+m3", 150, 45))
ROUNDS = 6

Words = List[Dict[str, Any]]


def make(folder: Path, seed: int = 1) -> Path:
    """Writes the recordings and their list, and returns the path of the list."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(seed)
    listed = folder / "words.jsonl"
    with listed.open("w", encoding="utf-8") as lines:
        made = [("joined", RATE, *sound) for sound in _joined(chance)]
        made += [("espeak", *sound) for sound in _spoken(chance)]
        for number, (kind, rate, sound, words) in enumerate(made):
            name = f"{kind}-{number}.wav"
            with wave.open(str(folder / name), "wb") as out:
                out.setnchannels(1)
                out.setsampwidth(2)
                out.setframerate(rate)
                out.writeframes(sound.tobytes())
            lines.write(json.dumps({"audio": name, "kind": kind, "words": words}) + "\n")
    return listed


def _joined(chance: random.Random) -> Iterator[Tuple[array, Words]]:
    recordings = {name: _read(RECORDINGS / f"{name}.wav") for name, *_ in SENTENCES}
    for _ in range(ROUNDS):
        sound, words = _pause(chance, RATE), []  # type: array, Words
        for name, start, end, text in chance.sample(SENTENCES, len(SENTENCES)):
            first, *rest = text.split()
            words.append({"text": first, "start_ms": len(sound) * 1000 // RATE + LEAD})
            words += [{"text": word} for word in rest]
            sound += recordings[name][(start - LEAD) * RATE // 1000:end * RATE // 1000]
            sound += _pause(chance, RATE)
        yield sound, words


def _pause(chance: random.Random, rate: int) -> array:
    """0.15 to 0.8 s of quiet noise, like that of a silent room."""
    length = int(chance.uniform(0.15, 0.8) * rate)
    return array("h", (int(chance.gauss(0, 10)) for _ in range(length)))


def _read(path: Path) -> array:
    """A recording at RATE. Each sample is the mean of the samples that it replaces."""
    with wave.open(str(path), "rb") as recording:
        rate, channels = recording.getframerate(), recording.getnchannels()
        samples = array("h", recording.readframes(recording.getnframes()))
    samples = samples[::channels]
    edges = [at * rate // RATE for at in range(len(samples) * RATE // rate + 1)]
    pieces = (samples[start:max(end, start + 1)] for start, end in zip(edges, edges[1:]))
    return array("h", (sum(piece) // len(piece) for piece in pieces))


class _Event(ctypes.Structure):
    """`espeak_EVENT` of espeak-ng's speak_lib.h."""

    _fields_ = [("type", ctypes.c_int), ("unique", ctypes.c_uint), ("text_position", ctypes.c_int),
                ("length", ctypes.c_int), ("audio_position", ctypes.c_int), ("sample", ctypes.c_int),
                ("user_data", ctypes.c_void_p), ("id", ctypes.c_char * 8)]


END, WORD = 0, 1
SYNCHRONOUS, UTF8, RATE_PARAMETER, PITCH_PARAMETER = 2, 1, 1, 3


def _spoken(chance: random.Random) -> Iterator[Tuple[int, array, Words]]:
    name = ctypes.util.find_library("espeak-ng")
    if name is None:
        return
    library = ctypes.CDLL(name)
    rate = library.espeak_Initialize(SYNCHRONOUS, 0, None, 0)
    heard: array = array("h")
    began: List[Tuple[int, int]] = []

    def take(samples: Any, count: int, events: Any) -> int:
        if count > 0:
            heard.extend(samples[:count])
        at = 0
        while events[at].type != END:
            if events[at].type == WORD:
                began.append((events[at].text_position - 1, events[at].audio_position))
            at += 1
        return 0

    kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int,
                            ctypes.POINTER(_Event))
    callback = kind(take)
    library.espeak_SetSynthCallback(callback)
    for voice, pace, pitch in VOICES:
        library.espeak_SetVoiceByName(voice)
        library.espeak_SetParameter(RATE_PARAMETER, pace, 0)
        library.espeak_SetParameter(PITCH_PARAMETER, pitch, 0)
        sound, words = _pause(chance, rate), []  # type: array, Words
        for text in chance.sample(SPOKEN, len(SPOKEN)):
            del heard[:], began[:]
            spoken = text.encode()
            library.espeak_Synth(spoken, len(spoken) + 1, 0, 1, 0, UTF8, None, None)
            library.espeak_Synchronize()
            words += _timed(text, began, len(sound) * 1000 // rate)
            sound += heard
            sound += _pause(chance, rate)
        yield rate, sound, words


def _timed(text: str, began: List[Tuple[int, int]], offset: int) -> Words:
    words, place = [], 0  # type: Words, int
    for word in text.split():
        place = text.index(word, place)
        starts = [at for position, at in began if place <= position < place + len(word)]
        start: Optional[int] = offset + min(starts) if starts else None
        words.append({"text": word, "start_ms": start})
        place += len(word)
    return words


if __name__ == "__main__":
    print(make(Path(sys.argv[1])))
