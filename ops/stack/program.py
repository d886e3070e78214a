"""What can be started: a command, how to see that it is ready, how to ask it to end."""

import signal
import socket
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Dict, List


@dataclass(frozen=True)
class Program:
    """One server or process of a stack, as it would be started now.

    `prepare` lays out what it needs before its first start and clears what a crash left behind.
    `ready` answers an empty string when it serves, else what it is still waiting for.
    `port_key` names its port in the stack's file.
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


# A proxy that the machine is set to use has no part in talking to the machine itself.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def answers(port: int, say: bytes, expect: bytes, length: int = 4096) -> str:
    """Sends bytes to a port of this machine and looks for others in what comes back."""
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
    """Whether a health address answers 200; else what it says is wrong."""
    try:
        with DIRECT.open(url, timeout=2):
            return ""
    except urllib.error.HTTPError as error:
        return f"{url}: {error.code} {error.read(500).decode(errors='replace')}"
    except OSError as error:
        return f"{url}: {error}"
