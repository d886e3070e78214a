"""What schemathesis cannot read from the document, and one thing more that every answer keeps to."""

import json
import os
import re
import urllib.request
import uuid
import zlib
from typing import Any, Iterator

import schemathesis
from schemathesis.core.parameters import ParameterLocation

API = os.environ["SELF_FUZZ_API"]
TOKEN = os.environ["SELF_FUZZ_TOKEN"]
# Paths of the document, each with addresses at which the person finds something.
FOUND = json.loads(os.environ["SELF_FUZZ_FOUND"])

# These end the session that asks, or all others.
END_SESSIONS = {"logout", "end_session", "end_other_sessions"}

# No schema knows which cursors were given, nor forbids fields of a form whose names break its framing;
# and of bytes that are to have the type of a text none at all may be made.
BEYOND_SCHEMAS = {"invalid_cursor", "invalid_multipart", "empty_upload"}

# Fields that can be wrong although each is as its schema says.
BEYOND_SCHEMAS_OF_FIELDS = re.compile(
    # There must be a word in it to search for.
    r"q|query"
    # There must be such a thing.
    r"|preferences\.time_zone|names"
    # It depends on another field: nothing is merged with itself, ends before it begins, comes as two.
    r"|entity_id|title|segments|segments\[\d+\]\.end_ms|events\[\d+\]\.(from_path|content)"
    # Only subtitles are laid out; and only some languages are spoken by the transcribers that are there.
    r"|max_line_chars|max_lines|max_cue_ms|include"
    r"|((preferences\.transcription|options)\.)?language"
    # It must not be in the future, nor before there were files; schemas of times have no limits.
    r"|events\[\d+\]\.happened_at"
    # What is wrong is the name of a field, or what is inside of a text.
    r"|speakers|subtitles"
)


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """A stranger has no token half of the time. Half of what a person asks is about something that is
    there, since a made-up id is nobody's. And whoever ends a session is somebody new, so that everybody
    else stays logged in."""
    operation = case.operation.definition.raw.get("operationId")
    if not TOKEN:
        if chance(case) % 2 and case.headers:
            case.headers.pop("Authorization", None)
        return
    is_about_something_there(case)
    if chance(case) % 8 and "cursor" in (case.query or {}):
        # It is refused, and with it whatever else would be tried of a list.
        del case.query["cursor"]
    if operation in END_SESSIONS and (case.headers or {}).get("Authorization") == f"Bearer {TOKEN}":
        case.headers["Authorization"] = f"Bearer {somebody_new()}"


def chance(case: Any) -> int:
    """A number that is always the same for the same request."""
    return zlib.crc32(repr((case.path, case.path_parameters, case.query, case.body)).encode())


def is_about_something_there(case: Any) -> None:
    path = case.meta and case.meta.components.get(ParameterLocation.PATH)
    choice, there = divmod(chance(case), 2)
    if not path or not path.mode.is_positive or not there or case.method == "DELETE":
        return
    known = [template for template in FOUND if "{" in template and case.path.startswith(template)]
    if known:
        template = max(known, key=len)
        address = FOUND[template][choice % len(FOUND[template])]
        found = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template), address)
        case.path_parameters.update(found.groupdict() if found else {})


@schemathesis.hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Refusals of what a schema allows, for reasons beyond schemas, are no failures."""
    if type(failure).__name__ != "RejectedPositiveData":
        return True
    if case.method == "PATCH" and isinstance(case.body, dict) and not any_given(case.body):
        # Null says the same as nothing, and no schema can ask for something else in one field of several.
        return False
    problem = json.loads(response.content)
    fields = [error["field"] for error in problem.get("errors", [])]
    beyond = fields and all(BEYOND_SCHEMAS_OF_FIELDS.fullmatch(field) for field in fields)
    return not (beyond or problem["code"] in BEYOND_SCHEMAS)


def any_given(body: dict[str, Any]) -> bool:
    return any(value is not None for value in body.values())


@schemathesis.check
def times_are_in_utc(ctx: Any, response: Any, case: Any) -> None:
    """Every time ends in `Z`, as the conventions of the document say."""
    if "json" in "".join(response.headers.get("content-type", [])):
        for text in strings(json.loads(response.content)):
            if re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", text) and not text.endswith("Z"):
                raise AssertionError(f"a time that does not end in Z: {text}")


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from strings(inner)


def somebody_new() -> str:
    """Registers somebody, and answers their access token."""
    body = {"email": f"{uuid.uuid4().hex}@example.org", "password": uuid.uuid4().hex, "name": "Somebody"}
    request = urllib.request.Request(
        f"{API}/api/v1/auth/register", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(request) as response:
        return str(json.load(response)["access_token"])
