"""A small HTTP client of the API, as an app has one."""

import http.client
import json
import mimetypes
from pathlib import Path
from typing import Any, Callable, Dict, Optional
from urllib.parse import quote, urlsplit

from ..trouble import Trouble

Answer = Dict[str, Any]
# Types that `mimetypes` does not know on every machine.
CONTENT_TYPES = {".wav": "audio/wav", ".flac": "audio/flac", ".m4a": "audio/mp4", ".opus": "audio/ogg",
                 ".ogg": "audio/ogg", ".webm": "audio/webm"}


class Client:
    """Sends and reads JSON of the API at `base`, with the token of the registered person."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.address = urlsplit(base).netloc
        self.token: Optional[str] = None

    @property
    def headers(self) -> Dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def get(self, path: str) -> Answer:
        return self._ask("GET", path, None, {})

    def post(self, path: str, body: Answer) -> Answer:
        return self._ask("POST", path, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def register(self, email: str, password: str, name: str) -> None:
        user = {"email": email, "password": password, "name": name}
        self.token = self.post("/api/v1/auth/register", user)["access_token"]

    def upload(self, path: Path, progress: Callable[[int, int], None]) -> Answer:
        """Streams a file. `progress` gets the bytes sent and the total."""
        total = path.stat().st_size
        kind = CONTENT_TYPES.get(path.suffix.lower()) or mimetypes.guess_type(path.name)[0]
        with open(path, "rb") as file:
            headers = {
                "Content-Type": kind or "application/octet-stream",
                "Content-Length": str(total),
            }

            class Counted:
                """The file; each read reports the progress."""

                def read(self, size: int = -1) -> bytes:
                    piece = file.read(size)
                    progress(file.tell(), total)
                    return piece

            where = f"/api/v1/audio/upload?filename={quote(path.name)}"
            return self._ask("POST", where, Counted(), headers)

    def _ask(self, method: str, path: str, body: Any, headers: Dict[str, str]) -> Answer:
        connection = http.client.HTTPConnection(self.address, timeout=60, blocksize=1 << 18)
        try:
            connection.request(method, path, body, {**self.headers, **headers})
            answer = connection.getresponse()
            said = answer.read()
        except OSError as error:
            raise Trouble(f"the API at {self.base} does not answer ({error}): see `make logs`")
        finally:
            connection.close()
        if answer.status >= 400:
            raise Trouble(f"{method} {path}: {answer.status} {_problem(said)}")
        return json.loads(said) if said else {}


def _problem(said: bytes) -> str:
    """Code and detail of a problem document, or the beginning of any other body."""
    try:
        problem = json.loads(said)
        return f"{problem.get('code', '')}: {problem.get('detail') or problem.get('title', '')}"
    except (ValueError, AttributeError):
        return said.decode(errors="replace")[:500]
