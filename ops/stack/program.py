"""A program: its command, its check of readiness, and its stop signal."""

import signal
import socket
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Dict, List


@dataclass(frozen=True)
class Program:
    """A server or process of a stack, with its current settings.

    `prepare` makes its files before the first start, and cleans up after a crash.
    `ready` returns an empty string when the program is ready, else the reason why not.
    `port_key` is the name of its port in the stack's file.
    """

    name: str
    argv: List[str]
    env: Dict[str, str]
    cwd: Path
    ready: Callable[[], str]
    prepare: Callable[[], None]
    port_key: str = ""
    stop_signal: signal.Signals = signal.SIGTERM
    patience: float = 10.0


# Requests to this machine do not go through the configured proxy.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def answers(port: int, say: bytes, expect: bytes, length: int = 4096) -> str:
    """Sends `say` to a local port. Returns an empty string when the answer contains `expect`."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as link:
            link.sendall(say)
            heard = b""
            while expect not in heard and len(heard) < length:
                more = link.recv(length)
                if not more:
                    break
                heard += more
    except OSError as error:
        return f"port {port}: {error}"
    return "" if expect in heard else f"port {port} answered {heard[:200]!r}"


def serves(url: str) -> str:
    """An empty string when a health address answers 200, else what it says is wrong."""
    try:
        with DIRECT.open(url, timeout=2):
            return ""
    except urllib.error.HTTPError as error:
        return f"{url}: {error.code} {error.read(500).decode(errors='replace')}"
    except OSError as error:
        return f"{url}: {error}"
