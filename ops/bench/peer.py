"""Transcribes one wav file with the package `moonshine-voice` and prints a line of JSON.

Run as a program: PEER_FOLDER MODEL_FOLDER WAV. It imports only the transcriber of the package. The package
itself would also import modules that open microphones and download models.
"""

import json
import sys
import time
import types


def main(package: str, model: str, recording: str) -> None:
    root = types.ModuleType("moonshine_voice")
    root.__path__ = [f"{package}/moonshine_voice"]
    sys.modules["moonshine_voice"] = root
    from moonshine_voice.moonshine_api import ModelArch  # type: ignore[import-not-found]
    from moonshine_voice.transcriber import Transcriber  # type: ignore[import-not-found]
    from moonshine_voice.utils import load_wav_file  # type: ignore[import-not-found]

    samples, rate = load_wav_file(recording)
    transcriber = Transcriber(model_path=model, model_arch=ModelArch.TINY)
    began = time.perf_counter()
    transcript = transcriber.transcribe_without_streaming(samples, rate)
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "text": " ".join(line.text for line in transcript.lines)}))


main(*sys.argv[1:])
