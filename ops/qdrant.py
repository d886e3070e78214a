"""A server for the tests that speaks the part of Qdrant's REST API that the product uses.

No package registry has Qdrant's server, but one has its engine, the library qdrant-edge-py. The engine
stores, filters and compares. This file reads the requests, strictly as Qdrant's documentation says. The
same tests run against a real server when `SELF_TEST_QDRANT_URL` names one.

    PYTHONPATH=.self/tools/qdrant python3 ops/qdrant.py PORT FOLDER API_KEY
"""

import json
import re
import shutil
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from typing import Any, Callable, Dict, List, Tuple
from urllib.parse import parse_qs, urlsplit

import qdrant_edge as engine


class Refused(Exception):
    """An error, as Qdrant answers it."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status = status


class Collections:
    """The collections. Each is a shard of the engine, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = Lock()
        self.open = {path.name: engine.EdgeShard.load(str(path)) for path in folder.iterdir()}

    def shard(self, name: str) -> engine.EdgeShard:
        if name not in self.open:
            raise Refused(404, f"Not found: Collection `{name}` doesn't exist!")
        return self.open[name]

    def exists(self, name: str, body: Any) -> Any:
        return {"exists": name in self.open}

    def create(self, name: str, body: Any) -> Any:
        if name in self.open:
            raise Refused(409, f"Wrong input: Collection `{name}` already exists!")
        vectors, graph = _only(body, "vectors", "hnsw_config")
        size, distance, datatype = _only(vectors, "size", "distance", "datatype")
        (m,) = _only(graph, "m")
        config = engine.EdgeConfig(vectors=engine.EdgeVectorParams(
            size=size,
            distance=getattr(engine.Distance, distance),
            datatype={"float16": engine.VectorStorageDatatype.Float16}[datatype],
            hnsw_config=engine.HnswIndexConfig(m=m, ef_construct=100, full_scan_threshold=10_000),
        ))
        path = self.folder / name
        path.mkdir()
        self.open[name] = engine.EdgeShard.create(str(path), config)
        return True

    def drop(self, name: str, body: Any) -> Any:
        shard = self.open.pop(name, None)
        if shard is not None:
            shard.close()
            shutil.rmtree(self.folder / name)
        return shard is not None

    def index(self, name: str, body: Any) -> Any:
        field, schema = _only(body, "field_name", "field_schema")
        kind, tenant = _only(schema, "type", "is_tenant")
        params = {"uuid": engine.UuidIndexParams}[kind](is_tenant=tenant)
        return self._update(name, engine.UpdateOperation.create_field_index(field, params))

    def upsert(self, name: str, body: Any) -> Any:
        (points,) = _only(body, "points")
        read = [engine.Point(*_only(point, "id", "vector", "payload")) for point in points]
        return self._update(name, engine.UpdateOperation.upsert_points(read))

    def delete(self, name: str, body: Any) -> Any:
        if "filter" in body:
            (wanted,) = _only(body, "filter")
            return self._update(name, engine.UpdateOperation.delete_points_by_filter(_filter(wanted)))
        (ids,) = _only(body, "points")
        return self._update(name, engine.UpdateOperation.delete_points(ids))

    def query(self, name: str, body: Any) -> Any:
        vector, wanted, params, limit = _only(body, "query", "filter", "params", "limit")
        (exact,) = _only(params, "exact")
        found = self.shard(name).query(engine.QueryRequest(
            limit=limit, query=engine.Query.Nearest(vector), filter=_filter(wanted),
            params=engine.SearchParams(exact=exact), with_payload=False, with_vector=False,
        ))
        return {"points": [{"id": str(p.id), "version": p.version, "score": p.score} for p in found]}

    def count(self, name: str, body: Any) -> Any:
        (wanted,) = _only(body, "filter")
        return {"count": self.shard(name).count(engine.CountRequest(filter=_filter(wanted)))}

    def _update(self, name: str, operation: engine.UpdateOperation) -> Any:
        self.shard(name).update(operation)
        return {"operation_id": 0, "status": "completed"}


def _only(body: Any, *names: str) -> List[Any]:
    """The values of an object. It must have these members and no others."""
    if not isinstance(body, dict) or set(body) != set(names):
        raise Refused(400, f"Format error in JSON body: {', '.join(names)} expected")
    return [body[name] for name in names]


def _filter(wanted: Any) -> engine.Filter:
    (must,) = _only(wanted, "must")
    conditions = []
    for condition in must:
        key, match = _only(condition, "key", "match")
        conditions.append(engine.FieldCondition(key, match=engine.MatchValue(*_only(match, "value"))))
    return engine.Filter(must=conditions)


class Requests(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    collections: Collections
    api_key: str

    def do(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        try:
            if self.headers.get("api-key") != self.api_key:
                raise Refused(401, "Must provide an API key or an Authorization bearer token")
            answer, status = {"result": self._result(body), "status": "ok", "time": 0.0}, 200
        except Refused as refused:
            answer, status = {"status": {"error": str(refused)}, "time": 0.0}, refused.status
        except (KeyError, TypeError, ValueError) as error:
            answer, status = {"status": {"error": f"Wrong input: {error}"}, "time": 0.0}, 400
        sent = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    do_GET = do_PUT = do_POST = do_DELETE = do

    def _result(self, body: bytes) -> Any:
        address = urlsplit(self.path)
        path = re.fullmatch(r"/collections/([^/]+)(/.*)?", address.path)
        routes: Dict[Tuple[str, str], Callable[[str, Any], Any]] = {
            ("GET", "/exists"): self.collections.exists,
            ("PUT", ""): self.collections.create,
            ("DELETE", ""): self.collections.drop,
            ("PUT", "/index"): self.collections.index,
            ("PUT", "/points"): self.collections.upsert,
            ("POST", "/points/delete"): self.collections.delete,
            ("POST", "/points/query"): self.collections.query,
            ("POST", "/points/count"): self.collections.count,
        }
        act = routes.get((self.command, (path[2] or "") if path else "?"))
        if path is None or act is None:
            raise Refused(404, "")
        changes = self.command in ("PUT", "POST") and path[2] in ("/index", "/points", "/points/delete")
        if changes and parse_qs(address.query) != {"wait": ["true"]}:
            # Without `wait`, Qdrant answers before the change is made. The product always waits.
            raise Refused(400, "wait=true expected")
        with self.collections.lock:
            return act(path[1], json.loads(body) if body else None)

    def log_message(self, format: str, *arguments: Any) -> None:
        print(self.command, self.path, *arguments[1:2], flush=True)


def main() -> None:
    port, folder, Requests.api_key = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    folder.mkdir(parents=True, exist_ok=True)
    Requests.collections = Collections(folder)
    ThreadingHTTPServer(("127.0.0.1", port), Requests).serve_forever()


if __name__ == "__main__":
    main()
